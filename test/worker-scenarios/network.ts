import { once } from "node:events";
import net from "node:net";
import type { Network } from "./format.ts";

/** A way to the service that a scenario can disturb. */
export interface Way {
  /** `host:port` for the worker. */
  readonly address: string;
  /** `cut` closes what there is and takes nothing; `deaf` passes on what is sent, and no answer. */
  set(network: Network): void;
  close(): void;
}

/** Makes a way to that port of this machine. */
export async function wayTo(port: number, initial: Network): Promise<Way> {
  const sockets = new Set<net.Socket>();
  let network = initial;
  const closeAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = net.createServer((near) => {
    if (network === "cut") {
      near.destroy();
      return;
    }
    const far = net.connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => (from === far && network === "deaf") || to.write(bytes));
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address() as net.AddressInfo;
  return {
    address: `127.0.0.1:${bound.port}`,
    set(next) {
      network = next;
      if (next === "cut") closeAll();
    },
    close() {
      server.close();
      closeAll();
    },
  };
}
