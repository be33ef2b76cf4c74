/** A failure between the two ends of TLS, as a client sees it. */
export interface TlsFailure {
  /**
   * Of the server's certificate: `untrusted`, no authority that the client knows has signed it; `untimely`,
   * it has expired or is not valid yet; `name`, it is another's. Of the server: `clear`, it does not speak
   * TLS; `wanted`, it demands a certificate; `refused`, it does not take ours; `protocol`, it speaks another.
   */
  kind: "untrusted" | "untimely" | "name" | "clear" | "wanted" | "refused" | "protocol";
  /** The words of Node or OpenSSL, without their advice. */
  why: string;
}

const kinds: [RegExp, TlsFailure["kind"]][] = [
  [/Hostname\/IP does not match certificate's altnames: .*?(?=\. Resolution note|$)/, "name"],
  [/certificate (has expired|is not yet valid)/, "untimely"],
  [/self-signed certificate( in certificate chain)?/, "untrusted"],
  [/unable to (verify the first|get (local )?issuer) certificate/, "untrusted"],
  [/wrong version number|packet length too long/, "clear"],
  [/alert certificate required/, "wanted"],
  [
    /alert (unknown ca|bad certificate|certificate (expired|revoked|unknown)|unsupported certificate)/,
    "refused",
  ],
  [/alert no application protocol/, "protocol"],
];

/** Finds the failure in the message of an error: some libraries keep no more of it. */
export function findTlsFailure(message: string): TlsFailure | undefined {
  for (const [pattern, kind] of kinds) {
    const [why] = pattern.exec(message) ?? [];
    if (why !== undefined) return { kind, why };
  }
  return undefined;
}

/** The names that the reader of a message knows the settings by. */
export interface TlsWords {
  ca: string;
  certificate: string;
  serverName: string;
  off: string;
}

/** Explains what a client of the service can do about the failure; undefined if the message is of none. */
export function explainTlsFailure(message: string, words: TlsWords): string | undefined {
  const failure = findTlsFailure(message);
  if (failure === undefined) return undefined;
  const { kind, why } = failure;
  const explanations: Record<TlsFailure["kind"], string> = {
    untrusted: `its certificate is not trusted (${why}); give the authority that signed it with ${words.ca}`,
    untimely: `its certificate cannot be accepted (${why}); it has to get a new one`,
    name: `its certificate is for other names (${why}); call it by one of them, or give the one to expect with ${words.serverName}`,
    clear: `it does not speak TLS; call it ${words.off}, or by another port`,
    wanted: `it demands a certificate of its clients; give one with ${words.certificate}`,
    refused: `it does not accept the client's certificate (${why}); give one with ${words.certificate} that its authority has signed`,
    protocol: "it does not speak gRPC; is this the gRPC port?",
  };
  return explanations[kind];
}
