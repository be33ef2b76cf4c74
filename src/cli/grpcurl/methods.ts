import type { DescMethod } from "@bufbuild/protobuf";
import { ltbServices } from "../../client/services.ts";
import type { JsonObject } from "../../validation.ts";
import { UsageError } from "../shared/errors.ts";
import { exampleBodies } from "./example-bodies.ts";

/** Every method of every service, in the order of the protos. */
export const ltbMethods: readonly DescMethod[] = ltbServices.flatMap(({ methods }) => methods);

/** A method as grpcurl and the example bodies name it, without the package: `JobService/CreateJob`. */
export function shortName({ parent, name }: DescMethod): string {
  return `${parent.name}/${name}`;
}

/** The example request of a method. */
export function exampleOf(method: DescMethod): JsonObject {
  return exampleBodies[shortName(method)] ?? {};
}

/**
 * Methods by what a person types: `CreateJob`, `JobService/CreateJob`, `ltb.v1.JobService/CreateJob` or
 * `ltb.v1.JobService.CreateJob`, in any case. Empty if there is none of that name.
 */
export function findMethods(text: string): DescMethod[] {
  const wanted = text
    .toLowerCase()
    .replace(/^\/?(ltb\.v1\.)?/, "")
    .replace(".", "/");
  return ltbMethods.filter(
    (method) => method.name.toLowerCase() === wanted || shortName(method).toLowerCase() === wanted,
  );
}

/**
 * The one method that a name means.
 * @throws UsageError that suggests those that contain the name
 */
export function findMethod(name: string): DescMethod {
  const [method] = findMethods(name);
  if (method !== undefined) return method;
  const part = name.toLowerCase().replace(/^.*[./]/, "");
  const similar = ltbMethods
    .map(shortName)
    .filter((known) => known.toLowerCase().includes(part))
    .slice(0, 5);
  const hint = similar.length === 0 ? "ltb grpcurl lists all" : `did you mean ${similar.join(", ")}?`;
  throw new UsageError(`there is no method ${JSON.stringify(name)}; ${hint}`);
}
