/** How the values of clusters lie about the mean of all values. */
export interface ClusterSpread {
  /** Clusters, those of one value included. */
  clusters: number;
  /** Of each cluster the sum of its values' deviations, by the number of all values; squared and added. */
  squares: number;
}

/**
 * Computes the standard error of a mean whose values are independent between clusters only, such as questions
 * on the same text: CR1, the sandwich with the factor G/(G − 1) · (N − 1)/(N − K) for G clusters, N values
 * and K = 1 (Liang and Zeger, Biometrika 73(1), 1986; Cameron and Miller, Journal of Human Resources 50(2),
 * 2015; for evaluations Miller, arXiv:2411.00640). Its t distribution has G − 1 degrees of freedom.
 * @returns undefined of a single cluster
 */
export function clusteredStderr({ clusters, squares }: ClusterSpread): number | undefined {
  return clusters < 2 ? undefined : Math.sqrt((clusters / (clusters - 1)) * squares);
}

/**
 * Computes the two-sided p-value of the hypothesis that clusters have a mean of 0, where their means are all
 * the same: of the 2^G ways to give each a sign, these are the most extreme two (the exact test of Fisher,
 * The Design of Experiments, 1935).
 */
export function signFlipP(mean: number, clusters: number): number {
  return mean === 0 ? 1 : 2 ** (1 - clusters);
}
