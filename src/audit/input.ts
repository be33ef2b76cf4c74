import { isIP } from "node:net";
import { z } from "zod";
import { limits } from "../limits.ts";
import { jsonObject, text, timestamp, uuid } from "../validation.ts";

const word = text(limits.providerLength, 1);
const entityId = text(limits.nameLength);
const isAddress = (value: string) => isIP(value) !== 0 && value.length <= limits.ipAddressLength;
const address = z.string({ error: "must be a string" }).refine(isAddress, "must be an IPv4 or IPv6 address");

export const newAuditLog = z.strictObject({
  id: uuid.optional(),
  action: word,
  entityType: word,
  entityId: entityId.nullish(),
  changes: jsonObject.nullish(),
  userId: uuid.nullish(),
  ipAddress: address.nullish(),
  userAgent: text(limits.userAgentLength).nullish(),
});

/** An entry about an act of an outside system. User, address and user agent default to the caller's. */
export type NewAuditLog = z.input<typeof newAuditLog>;

export const auditFilter = z
  .strictObject({
    userId: uuid.optional(),
    entityType: word.optional(),
    entityId: text(limits.nameLength, 1).optional(),
    action: word.optional(),
    after: timestamp.optional(),
    before: timestamp.optional(),
  })
  .refine(({ entityType, entityId }) => entityId === undefined || entityType !== undefined, {
    path: ["entityType"],
    message: "is required with entity_id",
  });

/** A list holds the entries that match every given filter. `after` is inclusive, `before` is not. */
export type AuditFilter = z.input<typeof auditFilter>;

export type ParsedAuditFilter = z.output<typeof auditFilter>;

export const auditPosition = z.object({ createdAt: z.string(), id: z.string(), epoch: z.number() });

/** The end of a page; the next one begins after it. */
export type AuditPosition = z.output<typeof auditPosition>;
