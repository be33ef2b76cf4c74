import { z } from "zod";
import type { Address } from "../address.ts";
import { Secret } from "./secret.ts";

/** Wraps `schema` so that its failure says in one line what was expected and what was given. */
export function expecting<S extends z.ZodType>(expected: string, schema: S, { secret = false } = {}) {
  return z.unknown().transform((value, context): z.output<S> => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const got = secret ? "a value that is not shown" : JSON.stringify(value);
    context.addIssue({ code: "custom", message: `expected ${expected}, got ${got}` });
    return z.NEVER;
  });
}

const numeric = z.union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)]);

export function integer(min: number, max: number) {
  return expecting(`a whole number from ${min} to ${max}`, numeric.pipe(z.int().min(min).max(max)));
}

/** A number as `digits` match it, followed by one of the units. */
function withUnit(digits: string, units: Readonly<Record<string, number>>) {
  const form = new RegExp(`^(${digits})(${Object.keys(units).join("|")})$`);
  return z
    .string()
    .trim()
    .regex(form)
    .transform((value) => {
      const [, amount, unit = ""] = form.exec(value) ?? [];
      return Number(amount) * (units[unit] ?? 1);
    });
}

/** Seconds: `30`, `1.5`, or with a unit: `500ms`, `30s`, `10m`, `1h`. */
export function seconds(min: number, max: number) {
  const text = withUnit("\\d+(?:\\.\\d+)?", { "": 1, ms: 0.001, s: 1, m: 60, h: 3600 });
  return expecting(
    `seconds from ${min} to ${max} (also as 500ms, 30s, 10m or 1h)`,
    z.union([z.number(), text]).pipe(z.number().min(min).max(max)),
  );
}

/** Bytes: `4194304`, `64KiB`, `4MiB`. */
export function bytes(min: number, max: number) {
  const text = z
    .string()
    .toLowerCase()
    .pipe(withUnit("\\d+", { "": 1, kib: 1024, mib: 1024 ** 2 }));
  const range = z.int().min(min).max(max);
  return expecting(`bytes from ${min} to ${max} (also as 64KiB or 4MiB)`, text.pipe(range));
}

export function oneOf<const T extends string>(...values: T[]) {
  return expecting(`one of ${values.join(", ")}`, z.string().trim().toLowerCase().pipe(z.literal(values)));
}

const onOrOff = z.stringbool({ truthy: ["on", "true", "yes", "1"], falsy: ["off", "false", "no", "0"] });

export const flag = expecting("on or off (or true, false, yes, no, 1, 0)", z.string().trim().pipe(onOrOff));

/** Calls per second and, after a comma, how many may come at once: `100` or `100,500`. `off`: any number. */
export const callRate = expecting(
  "calls a second from 1 to 1000000, with a comma before how many may come at once (such as 100 or 100,500), or off",
  z
    .string()
    .trim()
    .regex(/^(off|\d{1,7}(\s*,\s*\d{1,7})?)$/i)
    .transform((value) => {
      if (value.toLowerCase() === "off") return undefined;
      const [perSecond = 0, burst = perSecond] = value.split(",").map(Number);
      return { perSecond, burst };
    })
    .refine((rate) => !rate || (rate.perSecond >= 1 && rate.perSecond <= 1_000_000 && rate.burst >= 1)),
);

export const text = expecting("a text that is not empty", z.string().min(1));

/** A token as callers send it: see RFC 6750, section 2.1. */
export const token = expecting(
  "16 to 256 letters, digits and characters of -._~+/ (such as the output of: openssl rand -hex 32)",
  z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9._~+/-]{16,256}=*$/)
    .transform((value) => new Secret(value)),
  { secret: true },
);

export const address = expecting(
  "host:port, such as 127.0.0.1:50052 or [::1]:50052",
  z
    .string()
    .trim()
    .regex(/^(\[[0-9a-f:.%]+\]|[^:[\]\s/]+):\d{1,5}$/i)
    .transform((value): Address => {
      const colon = value.lastIndexOf(":");
      return { host: value.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(value.slice(colon + 1)) };
    })
    .refine(({ port }) => port <= 65_535),
);

export const origins = expecting(
  "origins separated by commas, such as https://bench.example.org,http://localhost:3000",
  z
    .string()
    .trim()
    .transform((list) => list.split(/\s*,\s*/).filter(Boolean))
    .pipe(
      z.array(
        z.string().refine((item) => item === "*" || (URL.canParse(item) && new URL(item).origin === item)),
      ),
    ),
);

/** Host names as browsers send them: in lower case, with other scripts in Punycode. */
export const hosts = expecting(
  "host names separated by commas, without ports, such as bench.example.org,bench.lan",
  z
    .string()
    .trim()
    .transform((list) => list.split(/\s*,\s*/).filter(Boolean))
    .pipe(
      z.array(
        z
          .string()
          .regex(/^[^\s/?#@:[\]\\*]+$/)
          .transform((item) => URL.parse(`http://${item}`)?.hostname.replace(/\.$/, "") ?? "")
          .refine((name) => name !== ""),
      ),
    ),
);
