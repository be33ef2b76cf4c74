import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** What may happen to a call while something is broken. */
const passing = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.ResourceExhausted,
  Code.Aborted,
  Code.NotFound,
];

/** Makes calls again and again until they are answered, through whatever is broken. */
export class Caller {
  /** Answers that no fault explains. */
  readonly wrong: string[] = [];

  /** The answer, or undefined where it was not to be had before `going` became false. */
  async insist<T>(call: () => Promise<T>, going: () => boolean): Promise<T | undefined> {
    while (going()) {
      try {
        return await call();
      } catch (error) {
        const code = ConnectError.from(error).code;
        if (!passing.includes(code)) this.wrong.push(`${Code[code]}: ${error}`);
        await sleep(20);
      }
    }
    return undefined;
  }
}
