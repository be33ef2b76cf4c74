import { currentOrigin, serviceOrigin } from "../call-scope.ts";
import { type RequestKey, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import { cut, type Page, type PageOptions } from "../database/statement/page.ts";
import { alreadyExists, requireFound } from "../errors.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import { jsonValueOf, parseInput, parseLimit, uuid } from "../validation.ts";
import { attemptId, entryOf } from "./attempt.ts";
import { type AuditFilter, type AuditPosition, auditFilter, type NewAuditLog, newAuditLog } from "./input.ts";
import { storable } from "./record.ts";
import type { AuditLog } from "./rows.ts";
import type { Cleanup } from "./seal/cleanup.ts";
import type { AuditTrail } from "./seal/trail.ts";
import * as statements from "./statements.ts";

/** A short or empty page may have a next one. */
export type AuditPage = Page<AuditLog, AuditPosition>;

interface AuditListOptions extends PageOptions<AuditPosition> {
  /** Approximate size of a page in bytes. Default: 3 MiB. */
  maxBytes?: number;
  /** Default: newest. */
  order?: statements.Order;
}

/**
 * The audit trail: `db.audit`. Other repositories write their entries themselves, with each change. Attempts
 * of workers at jobs are read as entries too, with entity type "job" and action "attempt".
 */
export class AuditRepository {
  readonly #db: Executor;
  readonly #trail: AuditTrail;

  constructor(db: Executor, trail: AuditTrail) {
    this.#db = db;
    this.#trail = trail;
  }

  /**
   * Adds an entry about an act of an outside system. Secrets in `changes` are replaced by "[redacted]".
   * @throws NOT_FOUND without the user, ALREADY_EXISTS for a taken id, or a request id of another body
   */
  async create(input: NewAuditLog, request?: RequestKey): Promise<AuditLog> {
    const log = parseInput(newAuditLog, input);
    return runOnce(this.#db, request, "CreateAuditLog", log, {
      create: async (db) => {
        const origin = currentOrigin() ?? serviceOrigin;
        const { id = newId(), userId = origin.userId, changes = null } = log;
        const created = await db.maybeOne(
          statements.insertLog({
            id,
            action: log.action,
            entityType: log.entityType,
            entityId: log.entityId || null,
            changes: changes && storable(jsonValueOf(changes)),
            userId: userId ?? null,
            actor: (userId === origin.userId ? origin.actor : await usernameOf(db, userId)) ?? null,
            ipAddress: log.ipAddress ?? origin.ipAddress ?? null,
            userAgent: log.userAgent ?? origin.userAgent ?? null,
          }),
        );
        if (created) return entryOf(created);
        throw alreadyExists("audit log", id);
      },
      remember: ({ id }) => id,
      recall: (db, id) => new AuditRepository(db, this.#trail).get(id),
    });
  }

  /** Reads one entry; an attempt by the id that lists show. @throws NOT_FOUND */
  async get(id: string): Promise<AuditLog> {
    const key = parseInput(uuid, id, "id");
    const rows = await this.#db.any(statements.getLog(key));
    const found = rows.find((row) => (row.epoch === 0 ? row.id : attemptId(row.id, row.epoch)) === key);
    return entryOf(requireFound(found, "audit log", key));
  }

  /**
   * Reads one page of the entries that match, newest first. By user, by entity, or without a filter, it takes
   * the same time however many there are. With other filters a page is bounded, and may be short or empty.
   */
  async list(filter: AuditFilter = {}, options: AuditListOptions = {}): Promise<AuditPage> {
    const parsed = parseInput(auditFilter, filter);
    const limit = parseLimit(options.limit);
    const { after, maxBytes, order = "newest" } = options;
    const scanned = statements.isScanned(parsed);
    const end = scanned ? await this.#db.maybeOne(statements.scanEnd(parsed, order, after)) : null;
    const until = end ? { ...end, epoch: 0 } : undefined;
    const query = { filter: parsed, order, limit: limit + 1, after, until, maxBytes };
    const { items, last } = cut(await this.#db.any(statements.listLogs(query)), limit);
    const next = last ? { createdAt: last.createdAt, id: last.id, epoch: last.epoch } : until;
    return { items: items.map(entryOf), next };
  }

  /** Reads the latest entries of a user. */
  async listByUser(userId: string, limit: number): Promise<readonly AuditLog[]> {
    return (await this.list({ userId }, { limit })).items;
  }

  /** Reads the latest entries about an entity; for a job they include its attempts. */
  async listByEntity(entityType: string, entityId: string, limit: number): Promise<readonly AuditLog[]> {
    return (await this.list({ entityType, entityId }, { limit })).items;
  }

  /**
   * Removes entries older than this many days, in its own transactions; `more` asks for another call.
   * @throws FAILED_PRECONDITION without the key of the chain, or if the chain does not hold
   */
  cleanup(days: number): Promise<Cleanup> {
    return this.#trail.cleanUp(days);
  }

  /**
   * Reads all entries that match, oldest first, in pages of bounded size, each by a short read. It ends with
   * those that exist when it gets there; an entry whose transaction was still open then may be missing.
   */
  async *export(filter: AuditFilter = {}, after?: AuditPosition): AsyncGenerator<AuditPage, void> {
    let position = after;
    do {
      const size = { limit: limits.pageSizeMax, maxBytes: limits.auditChunkBytes };
      const page = await this.list(filter, { ...size, after: position, order: "oldest" });
      if (page.items.length > 0) yield page;
      position = page.next;
    } while (position);
  }
}

async function usernameOf(db: Executor, id: string | null | undefined): Promise<string | undefined> {
  if (!id) return undefined;
  return requireFound(await db.maybeOne(statements.findUser(id)), "user", id).username;
}
