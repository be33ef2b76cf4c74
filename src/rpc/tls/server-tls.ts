import { X509Certificate } from "node:crypto";
import type { Server, TlsOptions } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import type { TlsChoice } from "../../config/tls.ts";
import { transportLimits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { OutageLog } from "../../outage-log.ts";
import { messageOf } from "../../thrown.ts";
import { checkTlsContents, type Expiry, readTlsFiles, type TlsContents } from "./files.ts";

/** The ciphers of Mozilla's "intermediate": forward secrecy and authenticated encryption, for HTTP/2. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

const DAY_MS = 86_400_000;

/** The TLS of both listeners: their options, and certificates that follow the files they come from. */
export class ServerTls {
  readonly #settings: TlsChoice;
  readonly #log: Log;
  readonly #servers = new Set<Server>();
  readonly #timer: NodeJS.Timeout;
  #contents: TlsContents;
  /** The first of its certificates, once somebody has asked for its names. */
  #certificate: X509Certificate | undefined;
  #expiries: Expiry[];
  /** The reason why the latest files could not be used; it is logged if it holds at the next check too. */
  #refused = "";
  readonly #outage: OutageLog;
  #daysTold = "";
  #looking: Promise<void> | undefined;

  private constructor(settings: TlsChoice, contents: TlsContents, log: Log, pollMs: number) {
    this.#settings = settings;
    this.#log = log;
    this.#outage = new OutageLog(log);
    this.#contents = contents;
    this.#expiries = checkTlsContents(contents);
    this.#warnOfExpiry();
    // Contents show a swapped symbolic link or a silent file system as surely as an edit.
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, pollMs).unref();
  }

  /**
   * Reads the files, and looks at them again from time to time.
   * @throws ConfigError that names the settings at fault
   */
  static async load(
    settings: TlsChoice,
    log: Log,
    pollMs: number = transportLimits.tlsReloadMs,
  ): Promise<ServerTls> {
    return new ServerTls(settings, await readTlsFiles(settings), log, pollMs);
  }

  /** To make a server with, which then needs `keep`. */
  get options(): TlsOptions {
    const { clientCaFile, clientAuth } = this.#settings;
    return {
      ...this.#context(),
      requestCert: clientCaFile !== undefined,
      rejectUnauthorized: clientAuth === "required",
      handshakeTimeout: transportLimits.tlsHandshakeMs,
    };
  }

  get asksForCertificate(): boolean {
    return this.#settings.clientCaFile !== undefined;
  }

  /** Whether the certificate is for a host of that name. */
  isNamed(name: string): boolean {
    this.#certificate ??= new X509Certificate(this.#contents.cert);
    return this.#certificate.checkHost(name, { subject: "never" }) !== undefined;
  }

  /** Gives the server new certificates until it closes. Connections that are open keep theirs. */
  keep(server: Server): void {
    this.#servers.add(server);
    server.once("close", () => this.#servers.delete(server));
  }

  /** Looks at the files no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #context() {
    const { cert, key, clientCa } = this.#contents;
    return { cert, key, ...(clientCa && { ca: clientCa }), minVersion: "TLSv1.2", ciphers: CIPHERS } as const;
  }

  async #look(): Promise<void> {
    this.#warnOfExpiry();
    try {
      const contents = await readTlsFiles(this.#settings);
      if (isDeepStrictEqual(contents, this.#contents)) {
        this.#refused = "";
        this.#outage.works();
        return;
      }
      this.#expiries = checkTlsContents(contents);
      this.#contents = contents;
      this.#certificate = undefined;
      for (const server of this.#servers) server.setSecureContext(this.#context());
      this.#refused = this.#daysTold = "";
      this.#outage.works();
      this.#log.info(
        { expires: this.#expiries[0]?.at.toISOString() },
        "the TLS certificates were read again",
      );
      this.#warnOfExpiry();
    } catch (error) {
      const why = messageOf(error);
      // Between the writes of two files they do not fit, which wakes nobody.
      if (this.#refused === why) {
        const message = "the changed TLS files cannot be used; serving with the certificates as before";
        this.#outage.failed({ why }, message, { kind: why });
      }
      this.#refused = why;
    }
  }

  /** Warns once a day. */
  #warnOfExpiry(): void {
    const left = this.#expiries.map(({ at }) => Math.floor((at.getTime() - Date.now()) / DAY_MS));
    if (left.join() === this.#daysTold) return;
    this.#daysTold = left.join();
    for (const [index, { name, at }] of this.#expiries.entries()) {
      const days = left[index] ?? 0;
      if (days >= transportLimits.tlsExpiryWarningDays) continue;
      const about = { setting: name, expires: at.toISOString() };
      if (days < 0) this.#log.error(about, "a TLS certificate has expired: replace the file");
      else this.#log.warn({ ...about, days }, "a TLS certificate expires soon: replace the file");
    }
  }
}
