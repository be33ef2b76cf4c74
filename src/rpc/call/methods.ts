import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import type { Handler } from "../middleware/chain.ts";
import { fullName } from "./call.ts";

/** A service and what there is of its implementation; see `provide`. */
export interface ProvidedService {
  service: DescService;
  implementation: object;
}

/** A method of a service with its implementation, before the chain is put around it. */
export interface ProvidedMethod {
  method: DescMethod;
  implementation: Handler;
}

/** Pairs a service with its implementation. Methods that are missing answer UNIMPLEMENTED. */
export function provide<Service extends DescService>(
  service: Service,
  implementation: Partial<ServiceImpl<Service>>,
): ProvidedService {
  return { service, implementation };
}

/** All methods of the services. */
export function methodsOf(services: readonly ProvidedService[]): ProvidedMethod[] {
  return services.flatMap(({ service, implementation }) =>
    service.methods.map((method) => {
      const found = (implementation as Record<string, unknown>)[method.localName];
      return {
        method,
        implementation: typeof found === "function" ? found.bind(implementation) : missing(method),
      };
    }),
  );
}

function missing(method: DescMethod): Handler {
  return () => {
    throw new ServiceError(
      Code.Unimplemented,
      "UNIMPLEMENTED",
      `${fullName(method)} is not implemented by this server yet`,
    );
  };
}
