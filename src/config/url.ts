import type { DatabaseOptions } from "./database-options.ts";

/** A connection string as options; `unused` are its parameters that have no meaning here. */
export type ParsedUrl = { options: DatabaseOptions; unused: string[] } | { problem: string };

const SHAPE = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const ENCODE =
  "write the characters @ / # % : ? and spaces of user and password percent-encoded (@ as %40, / as %2F, # as %23, % as %25, : as %3A, ? as %3F), " +
  "or put the password as it is into DATABASE_PASSWORD";

/** libpq's parameters with an option here: https://www.postgresql.org/docs/current/libpq-connect.html */
const PARAMETERS: Record<string, keyof DatabaseOptions> = {
  host: "host",
  port: "port",
  user: "user",
  password: "password",
  dbname: "database",
  sslmode: "sslMode",
  sslrootcert: "sslRootCert",
  sslcert: "sslCert",
  sslkey: "sslKey",
  application_name: "applicationName",
  connect_timeout: "connectTimeoutSeconds",
};

/** Values of parameters that, ignored, would make connections less safe or lead elsewhere; undefined: all. */
const REFUSED: Record<string, readonly string[] | undefined> = {
  service: undefined,
  hostaddr: undefined,
  requirepeer: undefined,
  require_auth: undefined,
  sslcrl: undefined,
  sslcrldir: undefined,
  gssencmode: ["require"],
  ssl_min_protocol_version: ["TLSv1.3"],
  target_session_attrs: ["read-only", "standby"],
};

/** Reads a connection string as libpq does. Problems never quote it, because it holds a password. */
export function parseDatabaseUrl(url: string): ParsedUrl {
  if (!/^postgres(ql)?:\/\//i.test(url))
    return { problem: "expected a URL that starts with postgres:// or postgresql://" };
  const parts = SHAPE.exec(url.trim());
  // A password with a bare / or ? ends the authority early, so its @ is left behind.
  if (parts === null || (parts[1] === undefined && (parts[3] ?? parts[4] ?? "").includes("@"))) {
    return { problem: `cannot be read as postgres://user:password@host:port/database; ${ENCODE}` };
  }
  const [, userinfo = "", authority = "", database = "", query = ""] = parts;
  const at = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority);
  if (at === null) return { problem: `has no port number where one was expected; ${ENCODE}` };
  if (authority.includes(",")) return { problem: "names several hosts; expected one" };
  const colon = userinfo.indexOf(":");
  try {
    const options: Record<string, string> = {};
    const unused: string[] = [];
    const set = (name: keyof DatabaseOptions, value: string | undefined) => {
      if (value) options[name] = decodeURIComponent(value);
    };
    set("user", colon < 0 ? userinfo : userinfo.slice(0, colon));
    set("password", colon < 0 ? undefined : userinfo.slice(colon + 1));
    set("host", at[1]?.replace(/^\[|\]$/g, ""));
    set("port", at[2]);
    set("database", database);
    for (const pair of query.split("&").filter(Boolean)) {
      const [name = "", ...value] = pair.split("=");
      const known = PARAMETERS[name];
      const refused = name in REFUSED && (REFUSED[name]?.includes(value.join("=")) ?? true);
      if (refused)
        return { problem: `asks by ${name} for what is not supported here: take the parameter out` };
      if (known !== undefined) set(known, value.join("="));
      else if (name === "ssl" && value[0] === "true") set("sslMode", "require");
      else unused.push(decodeURIComponent(name));
    }
    if (options.host?.includes(",") || options.port?.includes(","))
      return { problem: "names several hosts; expected one" };
    return { options, unused };
  } catch {
    return { problem: `holds a % that is not followed by two hexadecimal digits; ${ENCODE}` };
  }
}
