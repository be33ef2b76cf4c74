import { createSecureContext, type SecureContext } from "node:tls";
import { ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import { isLoopback } from "../address.ts";
import { checkTlsOptions, type TlsOptions } from "./tls-options.ts";

/** The target of grpc-js, and its options. */
export interface Endpoint {
  target: string;
  secure: boolean;
  credentials: ChannelCredentials;
  options: ChannelOptions;
}

/**
 * Reads `host:port`, `http://host:port`, or `https://host:port`, which means TLS.
 * @throws TypeError for another address, one that contradicts `tls`, and unusable certificates or keys
 */
export function endpointOf(address: string, tls: boolean | TlsOptions | undefined): Endpoint {
  if (address.includes("@"))
    throw new TypeError(
      "address: expected host:port without user and password; give apiKey, or set LTB_API_KEY",
    );
  const url = URL.parse(/^https?:\/\//.test(address) ? address : `http://${address}`);
  if (url === null || url.pathname !== "/" || url.search || url.hash || !/:\d+\/?$/.test(address))
    throw new TypeError(
      `address: expected host:port, such as localhost:50052, got ${JSON.stringify(address)}`,
    );
  const said = /^https?:/.test(address) ? url.protocol === "https:" : undefined;
  const secure = tls === undefined ? said === true : tls !== false;
  // In clear text, secrets would be sent anyway.
  if (said !== undefined && said !== secure)
    throw new TypeError(
      `tls: expected ${said}, as the address ${JSON.stringify(address)} says, or host:port alone`,
    );
  const custom = typeof tls === "object" ? tls : {};
  checkTlsOptions(custom);
  return {
    // `URL` omits the default port of its scheme.
    target: `${url.hostname}:${/:(\d+)\/?$/.exec(address)?.[1]}`,
    secure,
    credentials: secure
      ? ChannelCredentials.createFromSecureContext(secureContextOf(custom))
      : ChannelCredentials.createInsecure(),
    options: {
      // The service's own limit is on the server; grpc-js would refuse answers above 4 MiB.
      "grpc.max_receive_message_length": -1,
      // A silently cut connection is found within 15 s, well within the 30 s of a lease.
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      // Calls fail at once while grpc-js waits to reconnect; a restarted server should not wait for workers.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1_000,
      // Otherwise it would look for a TXT record of every host.
      "grpc.service_config_disable_resolution": 1,
      "grpc.enable_channelz": 0,
      ...(isLoopback(url.hostname.replace(/^\[|\]$/g, "")) && { "grpc.enable_http_proxy": 0 }),
      ...(custom.serverName !== undefined && { "grpc.ssl_target_name_override": custom.serverName }),
    },
  };
}

function secureContextOf({ ca, cert, key }: TlsOptions): SecureContext {
  const pem = (value: string | Uint8Array | undefined) =>
    value === undefined ? undefined : Buffer.from(value);
  // An intermediate authority may be the only one that is trusted, as for curl, Go and Python.
  return createSecureContext({ ca: pem(ca), cert: pem(cert), key: pem(key), allowPartialTrustChain: true });
}
