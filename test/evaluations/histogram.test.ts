import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binaryArray, numbersOf } from "../../src/database/statement/table.ts";
import { percentiles } from "../../src/evaluations/rollups/histogram.ts";

describe("percentiles", () => {
  test("of bins whose values are all the same are exact, interpolated between neighbours", () => {
    const zerosAndOnes = { counts: [3, 2], lows: [0, 1], highs: [0, 1] };
    expect(percentiles(zerosAndOnes, [0, 0.5, 0.625, 0.75, 1])).toEqual({
      values: [0, 0, 0.5, 1, 1],
      isExact: true,
    });
  });

  test("of a bin with two values are those values", () => {
    expect(percentiles({ counts: [2], lows: [100], highs: [100.5] }, [0, 0.5, 1])).toEqual({
      values: [100, 100.25, 100.5],
      isExact: true,
    });
  });

  test("within a bin are spread evenly from its least to its greatest value", () => {
    expect(percentiles({ counts: [1, 5], lows: [1, 10], highs: [1, 10.08] }, [0.4]).values[0]).toBeCloseTo(
      10.02,
      12,
    );
  });

  test("say whether they are exact: within a bin, or where values were taken away, they are not", () => {
    const mixed = { counts: [3, 2], lows: [0.991, 1], highs: [0.999, 1] };
    expect(percentiles(mixed, [0, 0.5, 0.9])).toMatchObject({ isExact: true });
    expect(percentiles(mixed, [0.25])).toMatchObject({ isExact: false });
    expect(percentiles(mixed, [0], false)).toMatchObject({ isExact: false });
    expect(percentiles(mixed, [0.9], false)).toEqual({ values: [1], isExact: true });
  });

  test("of nothing are not a number", () => {
    expect(percentiles({ counts: [], lows: [], highs: [] }, [0.5]).values).toEqual([Number.NaN]);
  });
});

test("a binary array is read as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (numbers) => {
      expect([...numbersOf("float8", binaryArray("float8", numbers))]).toEqual(numbers);
    }),
  );
  // array_send('{0,1,-1,4294967296,-4294967297,9007199254740991}'::bigint[])
  const bigints = [0n, 1n, -1n, 4_294_967_296n, -4_294_967_297n, 9_007_199_254_740_991n];
  const array = Buffer.alloc(20 + bigints.length * 12);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(bigints.length, 12);
  for (const [index, value] of bigints.entries()) array.writeBigInt64BE(value, 24 + index * 12);
  expect([...numbersOf("int8", array)]).toEqual(bigints.map(Number));
  // An array without elements has no dimensions.
  expect([...numbersOf("int8", Buffer.alloc(12))]).toEqual([]);
});
