import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "../../../gen/google/rpc/error_details_pb.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { callOf } from "../call/call.ts";
import { type ProvidedService, provide } from "../call/handler.ts";
import { Descriptors, encodeWithImports } from "./descriptors.ts";

/**
 * `grpc.reflection.v1` and `v1alpha` (which older tools still ask for) over the services given and these two
 * themselves. Protocol: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflectionServices(services: readonly DescService[]): ProvidedService[] {
  const all = [...services, ServerReflection, ServerReflectionAlpha];
  // No service mentions the details of errors; with their file here, tools can show them.
  const descriptors = new Descriptors(all, [file_google_rpc_error_details]);
  async function* serverReflectionInfo<Request extends ReflectionRequest>(
    requests: AsyncIterable<Request>,
    context: HandlerContext,
  ) {
    callOf(context).endWithServer();
    for await (const request of requests) {
      const messageResponse = answer(request, descriptors);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  }
  return [
    provide(ServerReflection, { serverReflectionInfo }),
    provide(ServerReflectionAlpha, { serverReflectionInfo }),
  ];
}

type ReflectionRequest = ServerReflectionRequest | ServerReflectionRequestAlpha;

function answer({ messageRequest }: ReflectionRequest, descriptors: Descriptors) {
  switch (messageRequest.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: descriptors.serviceNames.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return answerFile(descriptors.file(messageRequest.value), messageRequest.value);
    case "fileContainingSymbol":
      return answerFile(descriptors.fileOfSymbol(messageRequest.value), messageRequest.value);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = messageRequest.value;
      const found = descriptors.extensionsOf(containingType).find(({ number }) => number === extensionNumber);
      return answerFile(found?.file, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = messageRequest.value;
      if (!descriptors.fileOfSymbol(baseTypeName)) return answerFile(undefined, baseTypeName);
      const extensionNumber = descriptors.extensionsOf(baseTypeName).map(({ number }) => number);
      return { case: "allExtensionNumbersResponse" as const, value: { baseTypeName, extensionNumber } };
    }
    default:
      return answerFailure(Code.InvalidArgument, "message_request must be set");
  }
}

function answerFile(file: DescFile | undefined, asked: string) {
  if (!file) return answerFailure(Code.NotFound, `${asked} is not known here`);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto: encodeWithImports(file) } };
}

function answerFailure(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}
