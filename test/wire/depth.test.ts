import type { DescMessage } from "@bufbuild/protobuf";
import { StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { BenchmarkComparisonSchema, ComparisonSliceSchema } from "../../gen/ltb/v1/benchmark_pb.ts";
import { ltbMethods } from "../../src/cli/grpcurl/methods.ts";
import { limits } from "../../src/limits.ts";

/** Messages that Python, C++ and Java read within the outermost one. */
const readable = 100;

/** Messages that a document within `around` others needs: each object is a Struct, an entry and a Value. */
const documentDepths = new Map<string, number>([
  [StructSchema.typeName, 3 * limits.jsonDepth],
  // It may be a number beside the Struct, so it is one message more.
  [ValueSchema.typeName, 1 + 3 * limits.jsonDepth],
]);

/** They hold one of their own kind, which holds none. */
const holdOne: readonly string[] = [BenchmarkComparisonSchema.typeName, ComparisonSliceSchema.typeName];

/** The deepest message in one of this type, which is within `around` others. */
function deepest(message: DescMessage, around: number, above: readonly DescMessage[] = []): number {
  const document = documentDepths.get(message.typeName);
  if (document !== undefined) return around - 1 + document;
  if (above.includes(message)) {
    if (!holdOne.includes(message.typeName)) throw new Error(`${message.typeName} may hold itself`);
    if (above.indexOf(message) < above.lastIndexOf(message)) return around - 1;
  }
  const parts = message.fields.flatMap(({ message: part, fieldKind }) => {
    const entry = fieldKind === "map" ? 1 : 0;
    return part ? [deepest(part, around + entry + 1, [...above, message])] : [];
  });
  return Math.max(around, ...parts);
}

test.each(ltbMethods.map(({ name, input, output }) => ({ name, input, output })))(
  "documents as deep as they may be are read by every runtime: $name",
  ({ input, output }) => {
    expect(deepest(input, 0)).toBeLessThanOrEqual(readable);
    expect(deepest(output, 0)).toBeLessThanOrEqual(readable);
  },
);
