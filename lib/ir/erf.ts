/**
 * The error function, to about 1e-15: by its Maclaurin series (DLMF 7.6.1) for |x| < 2.5, beyond that by
 * the continued fraction of erfc (DLMF 7.9.1).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a, total = a;
    for (let n = 1; Math.abs(term) > 1e-17 * total && n < 200; n++) {
      term *= -a * a / n;
      total += term / (2 * n + 1);
    }
    return Math.sign(x) * 2 / Math.sqrt(Math.PI) * total;
  }
  let tail = 0;
  for (let n = 60; n > 0; n--) tail = n / 2 / (a + tail);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + tail));
}
