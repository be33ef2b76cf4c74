import { type ApiKey, ApiKeySchema } from "../../../gen/ltb/v1/user_pb.ts";
import { CliError } from "../shared/errors.ts";
import { minute, note, plain, print, printJson } from "../shared/output.ts";

/** Prints a new key, and nothing else, on stdout: here and never again. What there is to say goes to stderr. */
export function printSecret(apiKey: ApiKey | undefined, secret: string, { json }: { json?: boolean }): void {
  if (apiKey === undefined) throw new CliError("the service answered without the key", { code: "INTERNAL" });
  if (json) {
    printJson({ api_key: plain(ApiKeySchema, apiKey), secret });
    return;
  }
  const { id, name, scopes, expiresAt } = apiKey;
  const may = scopes.length > 0 ? `, limited to ${scopes.join(", ")}` : "";
  const until = expiresAt ? `, until ${minute(expiresAt)} UTC` : "";
  note(`API key "${name}" (${id})${may}${until}. It is shown only now:`);
  print(secret);
}

/** Whether a key can be used, in a word. */
export function keyState({ active, revokedAt }: ApiKey): string {
  if (active) return "active";
  return revokedAt ? "revoked" : "expired";
}
