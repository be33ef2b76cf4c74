import { z } from "zod";
import { limits } from "../limits.ts";
import { jsonObject, oneOf, text, timestamp, uuid, whole } from "../validation.ts";
import { readHash } from "./passwords/hash-format.ts";
import { passwordLength } from "./passwords/policy.ts";
import { userRoles } from "./rows.ts";
import { scopes } from "./scopes.ts";

const string = z.string({ error: "must be a string" });
// White space around texts is cut, and NFC makes equal what looks equal.
const tidy = string.transform((value) => value.trim().normalize("NFC"));
const noControls = (value: string) => !/\p{Cc}/u.test(value);
const controls = "must not contain control characters";
const isEmail = (value: string) => /^[^\s@]+@[^\s@]+$/.test(value);

/** An email address, without white space around it and in NFC. Whether mail arrives there is not known. */
export const email = tidy
  .pipe(text(limits.nameLength, limits.emailMinLength))
  .refine(noControls, controls)
  .refine(isEmail, "must be an email address, for example ada@example.com");

/** A user name, without white space around it and in NFC. */
export const username = tidy.pipe(text(limits.usernameLength, 1)).refine(noControls, controls);

const role = oneOf(userRoles);

/** A password as it is typed to be checked. */
const typedPassword = string.refine(
  (value) => value !== "" && passwordLength(value) <= limits.passwordLength,
  `must have 1 to ${limits.passwordLength} characters`,
);

const passwordHash = string.superRefine((value, context) => {
  const read = readHash(value);
  if ("fault" in read) context.addIssue({ code: "custom", message: read.fault });
});

export const newUser = z
  .strictObject({
    id: uuid.optional(),
    email,
    username,
    /** Checked by the policy once the account's other fields are known. */
    password: string.optional(),
    passwordHash: passwordHash.optional(),
    role: role.default("user"),
    metadata: jsonObject.nullish(),
  })
  .refine((user) => user.password === undefined || user.passwordHash === undefined, {
    path: ["passwordHash"],
    error: "must not be given together with password",
  });

/** A user to create: active, email not verified. Without password and hash it can only use API keys. */
export type NewUser = z.input<typeof newUser>;

export const userChanges = z.strictObject({
  email: email.optional(),
  username: username.optional(),
  role: role.optional(),
  active: z.boolean().optional(),
  emailVerified: z.boolean().optional(),
  metadata: jsonObject.nullish(),
});

/** Changes of a user. A field that is absent stays as it is; null clears it. */
export type UserChanges = z.input<typeof userChanges>;

export const userFilter = z.strictObject({ role: role.optional(), active: z.boolean().optional() });

/** A list holds the users that match every given filter. */
export type UserFilter = z.input<typeof userFilter>;

export const passwordChange = z.strictObject({
  /** Absent: the present password is not asked for. */
  currentPassword: typedPassword.optional(),
  newPassword: string,
  /** The one session of the user that does not end. */
  keepSessionId: uuid.optional(),
  /** Where the attempt comes from. */
  address: z.string().optional(),
});

export type PasswordChange = z.input<typeof passwordChange>;

const address = z.string().optional();

export const credentials = z.strictObject({
  email: tidy.pipe(text(limits.nameLength, 1)),
  password: typedPassword,
  address,
});

/** A code of `createLoginCode`, and the origin of the attempt. */
export const codeLogin = z.strictObject({ code: text(limits.nameLength, 1), address });

/** The credentials of a login, and the origin of the attempt. */
export type Credentials = z.input<typeof credentials>;

export const newApiKey = z
  .strictObject({
    id: uuid.optional(),
    userId: uuid,
    name: text(limits.nameLength, 1),
    scopes: z
      .array(oneOf<string>(scopes))
      .max(limits.scopes, `must have at most ${limits.scopes} entries`)
      .transform((given) => [...new Set(given)].sort())
      .default([]),
    expiresAt: timestamp.nullish(),
    expiresInMs: whole(1, limits.delayMs, "milliseconds").nullish(),
    createdBy: uuid.nullish(),
    createdByKey: uuid.nullish(),
  })
  .refine(({ expiresAt, expiresInMs }) => (expiresAt ?? null) === null || (expiresInMs ?? null) === null, {
    path: ["expiresAt"],
    message: "must not be given together with expires_in",
  });

/**
 * An API key. Without scopes it may do all that its user's role allows. It ends at `expiresAt`, after
 * `expiresInMs` by the database's clock, or never, and with the key `createdByKey` at the latest.
 */
export type NewApiKey = z.input<typeof newApiKey>;

export const overlapMs = whole(0, limits.rotationOverlapMs, "milliseconds");

export const userPosition = z.object({ createdAt: z.string(), id: z.string() });

/** The end of a page of users or keys; the next one begins after it. */
export type UserPosition = z.output<typeof userPosition>;
