/**
 * Parameters of new hashes: the minimum in the OWASP Password Storage Cheat Sheet for argon2id (19 MiB, two
 * passes, one lane). If they are raised here, logins replace older hashes by themselves.
 */
export const parameters = {
  /** KiB. */
  memory: 19_456,
  passes: 2,
  parallelism: 1,
  saltBytes: 16,
  tagBytes: 32,
} as const;

/**
 * Limits of the parameters of imported hashes. Without them, a caller who may create users could make the
 * server spend gigabytes or minutes on each login. The defaults of PHP, Django, passlib, libsodium
 * ("interactive") and node-argon2 are within.
 */
export const bounds = {
  /** KiB. */
  memory: 131_072,
  passes: 10,
  /** KiB times passes: about half a second. */
  work: 524_288,
  parallelism: 16,
  saltBytes: { min: 8, max: 64 },
  tagBytes: { min: 12, max: 64 },
  /** Each step doubles the time; 14 takes about a second. */
  bcryptCost: { min: 4, max: 14 },
} as const;
