import type { DatabasePool, DatabasePoolConnection } from "slonik";
import { withoutScope } from "../../call-scope.ts";

interface Held {
  readonly connection: DatabasePoolConnection;
  readonly openedAt: number;
  /** Gives the connection back to Slonik, which closes it. */
  readonly close: (reason: unknown) => void;
  idleTimer: NodeJS.Timeout | undefined;
  isGone: boolean;
}

interface Options {
  /** Undefined: never closed for being idle. */
  idleTimeoutMs: number | undefined;
  /** Undefined: never closed for its age. */
  maxLifetimeMs: number | undefined;
}

/**
 * Connections that stay taken from Slonik's pool between uses; the one used last is used next. Slonik would
 * give out the one that has rested longest, and a service with little to do would walk through all of them,
 * each with cold caches, and prepare and plan every statement five times over. Taking one here costs nothing.
 */
export class Connections {
  readonly #slonik: DatabasePool;
  readonly #options: Options;
  #idle: Held[] = [];
  #isEnded = false;

  constructor(slonik: DatabasePool, options: Options) {
    this.#slonik = slonik;
    this.#options = options;
  }

  /** How many are open but not in use. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * Runs `work` on a connection.
   * @param isLost tells whether the connection is of no use any more after an error
   */
  async use<T>(
    work: (connection: DatabasePoolConnection) => Promise<T>,
    isLost: (error: unknown) => boolean,
  ): Promise<T> {
    const held = this.#idle.pop() ?? (await this.#open());
    clearTimeout(held.idleTimer);
    try {
      const result = await work(held.connection);
      this.#rest(held);
      return result;
    } catch (error) {
      if (isLost(error)) {
        held.close(error);
        // What ended this one has probably ended those, be it silently.
        this.#closeIdle();
      } else this.#rest(held);
      throw error;
    }
  }

  /** Closes the idle connections, and each of the others as soon as it is idle. */
  end(): void {
    this.#isEnded = true;
    this.#closeIdle();
  }

  #closeIdle(): void {
    for (const held of this.#idle) {
      clearTimeout(held.idleTimer);
      held.close(closed);
    }
    this.#idle = [];
  }

  #open(): Promise<Held> {
    return new Promise((resolve, reject) => {
      let held: Held | undefined;
      // Slonik destroys a connection whose handler throws: that is how a connection is closed here.
      const taken = withoutScope(() =>
        this.#slonik.connect((connection) => {
          const { promise, reject: close } = Promise.withResolvers<never>();
          held = { connection, openedAt: performance.now(), close, idleTimer: undefined, isGone: false };
          resolve(held);
          return promise;
        }),
      );
      taken.catch((error: unknown) => {
        // PostgreSQL may also have ended it while nobody used it.
        if (held) {
          held.isGone = true;
          this.#forget(held);
        }
        reject(error);
      });
    });
  }

  #rest(held: Held): void {
    if (held.isGone) return;
    const { idleTimeoutMs, maxLifetimeMs = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#isEnded || performance.now() - held.openedAt > maxLifetimeMs) {
      held.close(closed);
      return;
    }
    this.#idle.push(held);
    if (idleTimeoutMs === undefined) return;
    held.idleTimer = setTimeout(() => {
      this.#forget(held);
      held.close(closed);
    }, idleTimeoutMs).unref();
  }

  #forget(held: Held): void {
    clearTimeout(held.idleTimer);
    this.#idle = this.#idle.filter((one) => one !== held);
  }
}

const closed = new Error("the connection is being closed");
