import type { DescEnum } from "@bufbuild/protobuf";
import { invalidField } from "../errors.ts";

/** The words for the values of an enum of the contract: `PENDING` is "pending". UNSPECIFIED has none. */
export type Word<Enum> = Lowercase<Exclude<keyof Enum & string, "UNSPECIFIED">>;

/**
 * An enum of the contract with a word for each of its values, as repositories and people have them.
 *
 * ```ts
 * const statuses = wireEnum<typeof JobStatus>(JobStatusSchema);
 * statuses.values.pending; // JobStatus.PENDING
 * ```
 */
export function wireEnum<Enum extends { UNSPECIFIED: 0 }>(schema: DescEnum) {
  const pairs = schema.values
    .filter(({ number }) => number !== 0)
    .map(({ localName, number }) => [localName.toLowerCase() as Word<Enum>, number] as const);
  const words = new Map(pairs.map(([word, number]) => [number, word]));
  return {
    values: Object.fromEntries(pairs) as Readonly<Record<Word<Enum>, Enum[keyof Enum]>>,

    /**
     * The word for a value of a request; undefined if it is unspecified.
     * @throws INVALID_ARGUMENT naming `field` for a number that is no value of the enum
     */
    parse(value: number, field: string): Word<Enum> | undefined {
      return words.get(checkEnum(schema, value, field));
    },

    /** The word for a value of an answer; the number where a later version sent it. */
    describe(value: number): string {
      return schema.value[value]?.localName.toLowerCase() ?? String(value);
    },
  };
}

/**
 * A request's value of an enum as it was sent.
 * @throws INVALID_ARGUMENT naming `field` for a number that is no value of the enum
 */
export function checkEnum<Value extends number>(
  { name, value }: DescEnum,
  sent: Value,
  field: string,
): Value {
  if (!(sent in value)) throw invalidField(field, `must be a value of ${name}, is ${sent}`);
  return sent;
}
