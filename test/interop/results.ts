import Table from "cli-table3";

/**
 * What one client did. `rpc`: a call of one method with its example; `behaviour`: something that takes
 * several calls.
 */
export interface Result {
  kind: "rpc" | "behaviour";
  client: string;
  what: string;
  passed: boolean;
  /** What was wrong, or what is worth knowing. */
  note: string;
}

/** Gathers results; nothing that fails keeps the rest from being tried. */
export class Results {
  readonly all: Result[] = [];

  add(result: Result): void {
    this.all.push(result);
    const { client, what, passed, note } = result;
    process.stderr.write(`${passed ? "ok    " : "FAILED"} ${client}: ${what}${note && ` – ${note}`}\n`);
  }

  /** Passed unless `act` throws. What it returns is the note. */
  async check(
    { kind, client, what }: Pick<Result, "kind" | "client" | "what">,
    act: () => Promise<string | undefined>,
  ): Promise<void> {
    try {
      this.add({ kind, client, what, passed: true, note: (await act()) ?? "" });
    } catch (error) {
      this.add({
        kind,
        client,
        what,
        passed: false,
        note: error instanceof Error ? error.message : `${error}`,
      });
    }
  }

  get failed(): Result[] {
    return this.all.filter(({ passed }) => !passed);
  }

  /** One row for all that was done, one column a client. */
  table(kind: Result["kind"]): string {
    const mine = this.all.filter((result) => result.kind === kind);
    if (mine.length === 0) return "";
    const clients = [...new Set(mine.map(({ client }) => client))];
    const whats = [...new Set(mine.map(({ what }) => what))];
    const table = new Table({ head: [kind, ...clients], style: { head: [], border: [], compact: true } });
    for (const what of whats)
      table.push([
        what,
        ...clients.map((client) => cell(mine.filter((r) => r.what === what && r.client === client))),
      ]);
    return table.toString();
  }
}

function cell(results: Result[]): string {
  if (results.length === 0) return "";
  return results.every(({ passed }) => passed) ? "pass" : "FAIL";
}
