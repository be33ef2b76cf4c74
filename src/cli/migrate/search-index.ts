import { Argument } from "commander";
import type { SearchKind } from "../../evaluations/search/indexes.ts";
import { addDatabaseCommand, type Command } from "../shared/command.ts";
import { type DatabaseOptions, withMigrationConnection } from "../shared/configured.ts";
import { formatTable, note, print, printJson } from "../shared/output.ts";

const kinds = Object.keys({ metadata: true, text: true } satisfies Record<SearchKind, true>);

/** `ltb migrate index`: indexes that only those need who search. */
export function addIndexCommands(migrate: Command): void {
  const index = migrate
    .command("index")
    .summary("add or drop the indexes that evaluations are searched by")
    .description(
      "Indexes that evaluations are searched by: `metadata` for --metadata, `text` for --text. Every evaluation that is stored pays for " +
        "them, so they are only there where somebody asks for them. They are built and dropped while the service runs.",
    )
    .examples("ltb migrate index add metadata", "ltb migrate index list");
  const kind = new Argument("<index>", "which one").choices(kinds);
  addDatabaseCommand(index, "add")
    .description(
      "Builds an index. Takes minutes on millions of evaluations; a build that failed is made anew.",
    )
    .addArgument(kind)
    .examples("ltb migrate index add text")
    .action(async (which: SearchKind, { config, json }: DatabaseOptions) => {
      const { addSearchIndex } = await import("../../evaluations/search/manage-indexes.ts");
      const added = await withMigrationConnection({ config }, (connection) => {
        if (!json) note(`building the index for ${which} …`);
        return addSearchIndex(connection, which);
      });
      if (json) return printJson({ index: which, added });
      print(added ? `Added the index for ${which}.` : `The index for ${which} is there already.`);
    });
  addDatabaseCommand(index, "drop")
    .description("Drops an index. What needs it is refused from then on.")
    .addArgument(kind)
    .examples("ltb migrate index drop text")
    .action(async (which: SearchKind, { config, json }: DatabaseOptions) => {
      const { dropSearchIndex } = await import("../../evaluations/search/manage-indexes.ts");
      const dropped = await withMigrationConnection({ config }, (connection) =>
        dropSearchIndex(connection, which),
      );
      if (json) return printJson({ index: which, dropped });
      print(dropped ? `Dropped the index for ${which}.` : `There is no index for ${which}.`);
    });
  addDatabaseCommand(index, "list")
    .description("Lists the indexes, and which of them are there.")
    .examples("ltb migrate index list")
    .action(async ({ config, json }: DatabaseOptions) => {
      const { listSearchIndexes } = await import("../../evaluations/search/manage-indexes.ts");
      const indexes = await withMigrationConnection({ config }, (connection) =>
        listSearchIndexes(connection),
      );
      if (json)
        return printJson({
          indexes: indexes.map(({ kind, name, state, bytes }) => ({ index: kind, name, state, bytes })),
        });
      const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
      print(
        formatTable(
          ["index", "state", ">size"],
          indexes.map(({ kind, state, bytes }) => [kind, state, state === "missing" ? "-" : mib(bytes)]),
        ),
      );
    });
}
