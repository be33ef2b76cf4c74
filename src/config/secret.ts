import { inspect } from "node:util";

/** Text that printing, logging and JSON show as `****`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "****";
  }

  toJSON(): string {
    return "****";
  }

  [inspect.custom](): string {
    return "****";
  }
}
