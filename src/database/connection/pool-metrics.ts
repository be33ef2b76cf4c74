import { type Family, gauge } from "../../metrics/family.ts";
import type { Pool } from "./pool.ts";

/** The pool of connections. */
export function poolFamilies(pool: Pool): Family[] {
  return [
    gauge("ltb_db_pool_size", "Most connections that the pool opens: DATABASE_POOL_SIZE.", () => pool.size),
    {
      name: "ltb_db_pool_connections",
      help: "Open connections of the pool.",
      type: "gauge",
      samples: () => {
        const { used, idle } = pool.stats();
        return [
          { labels: { state: "used" }, value: used },
          { labels: { state: "idle" }, value: idle },
        ];
      },
    },
    gauge("ltb_db_pool_waiting", "Calls that wait for a connection.", () => pool.stats().waiting),
  ];
}
