import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";

/**
 * Tells the server of the page what became of one thing that was tried; nothing that fails keeps the rest
 * from being tried. A text that `act` returns is the note.
 */
export async function report(
  kind: "rpc" | "behaviour",
  client: string,
  what: string,
  act: () => Promise<unknown>,
): Promise<void> {
  const result = { kind, client, what, passed: true, note: "" };
  try {
    const note = await act();
    if (typeof note === "string") result.note = note;
  } catch (error) {
    Object.assign(result, { passed: false, note: `${error}`.slice(0, 1000) });
  }
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
}

export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** @throws Error unless both are written alike in JSON */
export function same(got: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  assert(a === b, `expected ${b}, got ${a}`);
}

/** @throws Error unless the call fails with this code, and with this reason where one is given */
export async function fails(call: Promise<unknown>, code: Code, reason?: string): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown),
  );
  assert(error !== undefined, `expected ${Code[code]}, but it succeeded`);
  same(Code[error.code], Code[code]);
  if (reason !== undefined) same(error.findDetails(ErrorInfoSchema)[0]?.reason, reason);
  return error;
}
