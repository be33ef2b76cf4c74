import { Client, type ClientConfig } from "pg";

/** A connection of its own for the length of `work`, as changes of the schema take. */
export async function withClient<T>(
  connection: ClientConfig,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(connection);
  // A lost connection also fails the query that waits on it; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
