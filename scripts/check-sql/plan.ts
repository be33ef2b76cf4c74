/** The part of a node of `EXPLAIN (VERBOSE, FORMAT JSON)` that is read here. */
export interface PlanNode {
  "Node Type"?: string;
  "Relation Name"?: string;
  "CTE Name"?: string;
  "Subplan Name"?: string;
  "Parent Relationship"?: string;
  "Join Type"?: string;
  /** Only for a node that writes to its relation. */
  Operation?: string;
  Plans?: PlanNode[];
}

/** The use of a table in a plan. */
export interface TableUse {
  /**
   * Whether an outer join answers nulls for its columns if there is no match; `sometimes` if the plan reads
   * the table in several places. PostgreSQL has already turned an outer join into an inner one if a condition
   * rules out nulls.
   */
  nulled: "never" | "always" | "sometimes";
  /** True if its columns are also written, so that they may hold less than the table allows. */
  written: boolean;
}

export function tableUses(plan: PlanNode): (table: string) => TableUse {
  const ctes = new Map<string, Set<boolean>>();
  const tables = new Map<string, Set<boolean>>();
  const written = new Set<string | undefined>();
  // A CTE is in another place of the plan than its readers, hence the first walk.
  walk(plan, false, new Map(), (node, nulled) => add(ctes, node["CTE Name"], nulled));
  walk(plan, false, ctes, (node, nulled) => {
    add(tables, node["Relation Name"], nulled);
    if (node.Operation) written.add(node["Relation Name"]);
  });
  return (table) => {
    const found = tables.get(table);
    const nulled = !found?.has(true) ? "never" : found.has(false) ? "sometimes" : "always";
    return { nulled, written: written.has(table) };
  };
}

function walk(
  node: PlanNode,
  nulled: boolean,
  ctes: Map<string, Set<boolean>>,
  visit: (node: PlanNode, nulled: boolean) => void,
): void {
  visit(node, nulled);
  for (const child of node.Plans ?? []) {
    const cte = /^CTE (.*)$/.exec(child["Subplan Name"] ?? "")?.[1];
    if (cte !== undefined) {
      for (const read of ctes.get(cte) ?? [false]) walk(child, read, ctes, visit);
    } else {
      walk(child, nulled || isNullable(node["Join Type"], child["Parent Relationship"]), ctes, visit);
    }
  }
}

function isNullable(join: string | undefined, side: string | undefined): boolean {
  if (side === "Inner") return join === "Left" || join === "Full";
  return side === "Outer" && (join === "Right" || join === "Full");
}

function add(map: Map<string, Set<boolean>>, name: string | undefined, value: boolean): void {
  if (name !== undefined) map.set(name, (map.get(name) ?? new Set()).add(value));
}
