import type { Client, Connection, FieldDef } from "pg";
import { camelCase } from "../../src/database/statement/columns.ts";

/**
 * The columns that PostgreSQL says a statement answers with, named as the fields of our rows, and the table column that each comes
 * from (`tableID` is 0 for an expression). The statement is parsed as the driver has it parsed, with parameters of open type, but not run.
 * @throws DatabaseError if it does not parse
 */
export function describe(client: Client, text: string): Promise<FieldDef[]> {
  return new Promise((resolve, reject) => {
    // What `pg` calls on the query under way; it describes portals itself, but only on the way to running them.
    let fields: FieldDef[] = [];
    client.query({
      submit(connection: Connection) {
        connection.parse({ name: "", text, types: [] }, true);
        connection.describe({ type: "S", name: "" }, true);
        connection.sync();
      },
      handleRowDescription(message: { fields: FieldDef[] }) {
        fields = message.fields.map((field) => ({ ...field, name: camelCase(field.name) }));
      },
      handleError: reject,
      handleReadyForQuery: () => resolve(fields),
    });
  });
}
