import { expect } from "vitest";
import { JsonText } from "../../src/validation.ts";

const parsed = (value: unknown) => (value instanceof JsonText ? value.value : value);

// Rows have documents as texts, which are equal if what they hold is.
expect.addEqualityTesters([
  function compareDocuments(a, b, customTesters) {
    if (!(a instanceof JsonText || b instanceof JsonText)) return undefined;
    return this.equals(parsed(a), parsed(b), customTesters);
  },
]);
