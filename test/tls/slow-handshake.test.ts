import { once } from "node:events";
import { connect } from "node:net";
import { expect, test, vi } from "vitest";
import { closing, eventually, within } from "../harness/waiting.ts";
import { createAuthority, local } from "./certificates.ts";
import { handshake, serveTls } from "./support.ts";

vi.mock("../../src/limits.ts", async (original) => {
  const { transportLimits, ...others } = await original<typeof import("../../src/limits.ts")>();
  return { ...others, transportLimits: { ...transportLimits, tlsHandshakeMs: 200 } };
});

test.each(["grpcAddress", "httpAddress"] as const)(
  "a client that does not get on with its handshake loses its connection: %s",
  async (address) => {
    const authority = await createAuthority();
    const server = await serveTls({ pair: await authority.issue(local), config: { maxConnections: 2 } });
    const { port } = server[address];
    for (const bytes of ["", "\u0016", "\u0016\u0003\u0001\u0002"]) {
      const socket = connect({ host: "127.0.0.1", port });
      await once(socket, "connect");
      if (bytes !== "") socket.write(bytes);
      socket.resume();
      await within(2_000, closing(socket));
    }
    const line = await eventually(() => server.log.find(({ msg }) => msg.includes("took too long")));
    expect(line).toMatchObject({ level: "debug", peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    // Their places are free again, and a connection that is through stays open for longer than a handshake
    // may take.
    const open = await handshake(port, { ca: authority.cert });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(open.closed).toBe(false);
  },
);
