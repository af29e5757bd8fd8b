/** The greatest common divisor of two integers that are not negative; `gcd(n, 0)` is `n`. */
export function gcd(a: number, b: number): number {
  while (b) [a, b] = [b, a % b];
  return a;
}
