/**
 * The error function, to about 1e-15: for |x| < 2.5 by the series all of whose terms are positive (DLMF
 * 7.6.2), so that nothing cancels; beyond that by the continued fraction of erfc (DLMF 7.9.1).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a, total = a;
    for (let n = 1; term > 1e-17 * total; n++) {
      term *= 2 * a * a / (2 * n + 1);
      total += term;
    }
    return Math.sign(x) * 2 / Math.sqrt(Math.PI) * Math.exp(-a * a) * total;
  }
  let tail = 0;
  for (let n = 60; n > 0; n--) tail = n / 2 / (a + tail);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + tail));
}
