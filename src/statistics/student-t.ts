const epsilon = 1e-16;
const tiny = 1e-300;

/**
 * Computes a quantile of Student's t distribution: the value that a variable with `degrees` degrees of
 * freedom stays below with probability `p`. It uses Newton's method on the distribution function, to about 12
 * significant digits.
 * @param p probability, 0 < p < 1
 * @param degrees degrees of freedom, 1 or more
 */
export function studentTQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1) || !(degrees >= 1))
    throw new RangeError(`no t quantile for p ${p}, degrees ${degrees}`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentTQuantile(1 - p, degrees);
  let low = 0;
  let high = 1;
  while (studentTUpperTail(high, degrees) > 1 - p) high *= 2;
  let t = (low + high) / 2;
  for (let step = 0; step < 200; step++) {
    const excess = 1 - p - studentTUpperTail(t, degrees);
    if (excess > 0) high = t;
    else low = t;
    const newton = t - excess / density(t, degrees);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - t) <= 1e-14 * Math.abs(next)) return next;
    t = next;
  }
  return t;
}

/**
 * P(T > t) for t ≥ 0, by the regularized incomplete beta function (DLMF 8.17.1, Abramowitz and Stegun
 * 26.5.27).
 * @param degrees degrees of freedom, 1 or more
 */
export function studentTUpperTail(t: number, degrees: number): number {
  const square = t * t;
  return regularizedBeta(degrees / (degrees + square), square / (degrees + square), degrees / 2, 0.5) / 2;
}

function density(t: number, degrees: number): number {
  const scale = gammaRatio(degrees / 2) - Math.log(degrees * Math.PI) / 2;
  return Math.exp(scale - ((degrees + 1) / 2) * Math.log1p((t * t) / degrees));
}

/**
 * Computes I_x(a, b) for min(a, b) = ½ (DLMF 8.17).
 * @param y 1 − x, given because subtracting would lose digits if x is close to 1
 */
function regularizedBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // Either side of it would do where both round beyond their thresholds, so this is asked once.
  return x > (a + 1) / (a + b + 2) ? 1 - betaFraction(y, x, b, a) : betaFraction(x, y, a, b);
}

/** I_x(a, b) by its continued fraction (DLMF 8.17.22) with Lentz's method, which is quick for small x. */
function betaFraction(x: number, y: number, a: number, b: number): number {
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(Math.max(a, b))) / a;
  let c = 1;
  let d = 1 / atLeastTiny(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / atLeastTiny(1 + even * d);
    c = atLeastTiny(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / atLeastTiny(1 + odd * d);
    c = atLeastTiny(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < epsilon * 10) break;
  }
  return front * fraction;
}

function atLeastTiny(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** ln B(a, ½) */
function logBeta(a: number): number {
  return Math.log(Math.PI) / 2 - gammaRatio(a);
}

/**
 * Computes ln(Γ(a + ½) / Γ(a)) by its asymptotic series (DLMF 5.11.13), moved above 40 by the recurrence of Γ
 * so that its terms decay. A difference of two logarithms would lose digits, because they grow with a.
 */
function gammaRatio(a: number): number {
  let shift = 0;
  let z = a;
  for (; z < 40; z++) shift += Math.log1p(0.5 / z);
  const z2 = z * z;
  return Math.log(z) / 2 - (1 / 8 - (1 / 192 - (1 / 640 - 17 / (14_336 * z2)) / z2) / z2) / z - shift;
}
