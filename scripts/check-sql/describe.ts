import type { Client, Connection, FieldDef } from "pg";
import { camelCase } from "../../src/database/statement/sql.ts";

/**
 * Asks PostgreSQL for the columns of a statement, named as the fields of our rows, and the table column of
 * each (`tableID` is 0 for an expression). The statement is parsed as the driver parses it, with parameters
 * of open type, but not run.
 * @throws DatabaseError if it does not parse
 */
export function describe(client: Client, text: string): Promise<FieldDef[]> {
  return new Promise((resolve, reject) => {
    // `pg` calls these methods on the running query. It describes portals itself, but only when it is about
    // to run them.
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
