import { z } from "zod";

/** True if a row schema says that its column may be null. */
export function allowsNull(schema: z.core.$ZodType): boolean {
  // A custom schema without a check accepts everything, including null, so only its type counts.
  return isCustom(schema) ? schema instanceof z.ZodNullable : accepts(schema, null);
}

export function accepts(schema: z.core.$ZodType, value: unknown): boolean {
  return z.safeParse(schema, value).success;
}

/** Returns the texts that an enum or a literal allows; undefined for any other schema. */
export function textsOf(schema: z.core.$ZodType): string[] | undefined {
  const bare = bareOf(schema);
  if (bare instanceof z.ZodEnum) return bare.options.map(String);
  if (bare instanceof z.ZodLiteral) return [...bare.values].map(String);
  return undefined;
}

/** Describes a schema for messages: `number`, `text | null`, `list of number`. */
export function describeSchema(schema: z.core.$ZodType): string {
  const bare = bareOf(schema);
  const texts = textsOf(bare);
  const name =
    bare instanceof z.ZodArray
      ? `array of ${describeSchema(bare.element)}`
      : (texts?.map((text) => JSON.stringify(text)).join(" | ") ?? bare._zod.def.type);
  return allowsNull(schema) ? `${name} | null` : name;
}

function isCustom(schema: z.core.$ZodType): boolean {
  return bareOf(schema) instanceof z.ZodCustom;
}

function bareOf(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodNullable || schema instanceof z.ZodOptional
    ? bareOf(schema.unwrap())
    : schema;
}
