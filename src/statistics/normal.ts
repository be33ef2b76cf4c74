/**
 * Computes P(Z > z) of the standard normal distribution to about 14 significant digits. Near the middle it
 * uses the series of the error function (DLMF 7.6.2). In the tail, where subtracting from ½ would lose
 * digits, it uses the continued fraction of its complement (DLMF 7.9.3).
 */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z);
  return z < 2.5 ? 0.5 - centre(z) : density(z) / tailFraction(z);
}

/** P(0 < Z < z) = φ(z) (z + z³/3 + z⁵/(3·5) + …) */
function centre(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 3; term > sum * 1e-17; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return density(z) * sum;
}

/** z + 1/(z + 2/(z + 3/(z + …))), from the inside out. */
function tailFraction(z: number): number {
  let fraction = z;
  for (let n = 150; n > 0; n--) fraction = z + n / fraction;
  return fraction;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}
