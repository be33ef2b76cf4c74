import { expect, test } from "vitest";
import { studentTQuantile, studentTUpperTail } from "../../src/statistics/student-t.ts";

// Figures of scipy 1.17: [scipy.stats.t.ppf(p, df) for …].
test.each([
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.975, 3, 3.1824463052837078],
  [0.975, 10, 2.228138851986274],
  [0.975, 30, 2.0422724563012378],
  [0.975, 802, 1.962926321861701],
  [0.975, 10_000, 1.960201239890626],
  [0.975, 5_000_000, 1.9599644589944127],
])("t quantile of %f with %i degrees of freedom is %f", (p, degrees, expected) => {
  expect(studentTQuantile(p, degrees) / expected).toBeCloseTo(1, 9);
  expect(studentTQuantile(1 - p, degrees) / -expected).toBeCloseTo(1, 9);
});

test("the median is 0, and there is no quantile outside of the distribution", () => {
  expect(studentTQuantile(0.5, 7)).toBeCloseTo(0, 12);
  expect(() => studentTQuantile(1, 7)).toThrow(RangeError);
  expect(() => studentTQuantile(0.975, 0)).toThrow(RangeError);
});

test("tails are found where both forms of the beta function round beyond their thresholds", () => {
  // There, t² is 3d / (d + 2), and the neighbours of it in floating point.
  for (let degrees = 1; degrees <= 2_000; degrees++) {
    const middle = Math.sqrt((3 * degrees) / (degrees + 2));
    const tails = Array.from({ length: 21 }, (_, step) =>
      studentTUpperTail(middle * (1 + (step - 10) * Number.EPSILON), degrees),
    );
    const [most = 0, least = 0] = [Math.max(...tails), Math.min(...tails)];
    expect(most - least, `${degrees}`).toBeLessThan(1e-13);
    expect(least).toBeGreaterThan(0.04);
    expect(most).toBeLessThan(0.26);
  }
});
