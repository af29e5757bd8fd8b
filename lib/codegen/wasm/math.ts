/**
 * Functions of four f32 in WebAssembly, to about 1e-6, by polynomials. Coefficients are those of Cephes (Moshier), and
 * of the series of the logarithm.
 */
import type { MathOp } from "../../ir/expr.ts";
import type { Body, Push } from "./body.ts";

/** The natural logarithm of 2 in two parts: a product of the first with up to 15 bits is exact. */
const LN2_HIGH = 0.693359375, LN2_LOW = -2.12194440e-4;
const EXP = [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5, 1, 1];
/** Twice `e^r` for r from −½ ln 2 to ½ ln 2, to 1e-7 of its value: fitted where the largest error is least. */
const TWICE_EXP = [0.008289468, 0.0419025049, 0.1666767448, 0.4999911487, 0.999999702, 1].map((c) => 2 * c);
/** Added to a small number, rounds it to a whole one, whose low bits are then those of the exponent of `2^(n-1)`. */
const ROUNDS_TO_EXPONENT = 1.5 * 2 ** 23 + 126;
const LOG = [2 / 9, 2 / 7, 2 / 5, 2 / 3, 2], LOG2 = LOG.map((c) => c * Math.LOG2E);
const SIGN = -(2 ** 31);

/** Functions that have no instruction. Their arguments lie in locals; a vector is pushed. */
export class VectorMath {
  /** Takes the body that is written. */
  constructor(readonly body: Body, readonly relaxed: boolean) {}

  /** Pushes `op` of the arguments, where it is one of these functions. */
  call(op: MathOp, [x = 0, y = 0]: readonly number[]): boolean {
    switch (op) {
      case "exp":
        this.#exp(x);
        return true;
      case "exp2":
        this.#exp2(x);
        return true;
      case "log":
      case "log2":
        this.#log(x, op === "log");
        return true;
      case "sin":
      case "cos":
        this.#angle(x, op === "sin" ? 0 : 1);
        return true;
      case "atan":
        this.#atan(x);
        return true;
      case "tanh":
        this.#tanh(x);
        return true;
      case "erf":
        this.#erf(x);
        return true;
      case "pow":
        this.#pow(x, y);
        return true;
      default:
        return false;
    }
  }

  /** Pushes `a·b + c`; with relaxed SIMD it may be rounded once. */
  fma(a: Push, b: Push, c: Push): void {
    if (!this.relaxed) c();
    a();
    b();
    if (this.relaxed) c();
    if (this.relaxed) this.body.op("f32x4.relaxed_madd");
    else this.body.op("f32x4.mul").op("f32x4.add");
  }

  /** Pushes a polynomial in the local `x`, from the highest power on. */
  #polynomial(x: number, [first = 0, ...rest]: readonly number[]): void {
    this.body.f32x4(first);
    for (const c of rest) {
      this.body.get(x);
      if (this.relaxed) this.body.f32x4(c).op("f32x4.relaxed_madd");
      else this.body.op("f32x4.mul").f32x4(c).op("f32x4.add");
    }
  }

  /** Clamps the vector on the stack; what is no number stays so. */
  #clamp(lo: number, hi: number): Body {
    // The second operand counts where it is less, or more: never for NaN.
    return this.body.f32x4(hi).op("f32x4.pmin").f32x4(lo).op("f32x4.pmax");
  }

  /** Pushes `e^x`, as `2e^r · 2^(n-1)`; results below 1.7e-38 are 0. */
  #exp(x: number): void {
    const { body } = this;
    body.temps("v128", 3, ([r = 0, n = 0, power = 0]) => {
      body.get(x);
      this.#clamp(-87.3, 89).set(r);
      this.fma(() => body.get(r), () => body.f32x4(Math.LOG2E), () => body.f32x4(ROUNDS_TO_EXPONENT));
      body.tee(power).f32x4(ROUNDS_TO_EXPONENT).op("f32x4.sub").set(n);
      for (const part of [LN2_HIGH, LN2_LOW]) {
        this.fma(() => body.get(n), () => body.f32x4(-part), () => body.get(r));
        body.set(r);
      }
      this.#polynomial(r, TWICE_EXP);
      body.get(power).i32(23).op("i32x4.shl").op("f32x4.mul");
    });
  }

  #exp2(x: number): void {
    const { body } = this;
    body.temps("v128", 2, ([r = 0, n = 0]) => {
      body.get(x);
      this.#clamp(-151, 129).tee(r).op("f32x4.nearest").set(n);
      body.get(r).get(n).op("f32x4.sub").f32x4(Math.LN2).op("f32x4.mul").set(r);
      this.#scaled(r, n);
    });
  }

  /** Pushes `e^r · 2^n`. The power is multiplied in two halves, as it may lie outside the normal numbers. */
  #scaled(r: number, n: number): void {
    const { body } = this;
    const power = (push: Push) => {
      push();
      body.i32x4(127).op("i32x4.add").i32(23).op("i32x4.shl").op("f32x4.mul");
    };
    body.temps("v128", 2, ([k = 0, half = 0]) => {
      body.get(n).op("i32x4.trunc_sat_f32x4_s").tee(k).i32(1).op("i32x4.shr_s").set(half);
      this.#polynomial(r, EXP);
      power(() => body.get(half));
      power(() => body.get(k).get(half).op("i32x4.sub"));
    });
  }

  /** Splits a positive number: `x = 2^k · m`, and the logarithm of m, which lies from √½ to √2. */
  #logarithm(x: number, k: number, rest: number, series: readonly number[]): void {
    const { body } = this;
    body.temps("v128", 2, ([small = 0, bits = 0]) => {
      body.get(x).f32x4(2 ** -126).op("f32x4.lt").set(small);
      body.get(x).f32x4(2 ** 23).op("f32x4.mul").get(x).get(small).op("v128.bitselect");
      body.i32x4(0x4afb0d).op("i32x4.add").tee(bits).i32(23).op("i32x4.shr_u").i32x4(127).op("i32x4.sub");
      body.get(small).i32x4(23).op("v128.and").op("i32x4.sub").op("f32x4.convert_i32x4_s").set(k);
      body.get(bits).i32x4(0x7fffff).op("v128.and").i32x4(0x3f3504f3).op("i32x4.add");
      body.f32x4(1).op("f32x4.sub").tee(bits).get(bits).f32x4(2).op("f32x4.add").op("f32x4.div").tee(rest);
      body.get(rest).op("f32x4.mul").set(bits);
      this.#polynomial(bits, series);
      body.get(rest).op("f32x4.mul").set(rest);
    });
  }

  #log(x: number, natural: boolean): void {
    const { body } = this;
    body.temps("v128", 2, ([k = 0, rest = 0]) => {
      this.#logarithm(x, k, rest, natural ? LOG : LOG2);
      if (natural) this.fma(() => body.get(k), () => body.f32x4(LN2_LOW), () => body.get(rest));
      else body.get(rest);
      body.set(rest);
      body.f32x4(NaN);
      body.f32x4(-Infinity);
      body.get(x);
      this.fma(() => body.get(k), () => body.f32x4(natural ? LN2_HIGH : 1), () => body.get(rest));
      body.get(x).f32x4(Infinity).op("f32x4.eq").op("v128.bitselect");
      body.get(x).f32x4(0).op("f32x4.eq").op("v128.bitselect");
      body.get(x).f32x4(0).op("f32x4.ge").op("v128.not").op("v128.bitselect");
    });
  }

  /** Sine, or cosine with one quarter more. The angle is reduced to ±π/4 in three parts (Cody and Waite). */
  #angle(x: number, quarters: number): void {
    const { body } = this;
    body.temps("v128", 3, ([k = 0, r = 0, s = 0]) => {
      body.get(x).f32x4(2 / Math.PI).op("f32x4.mul").op("f32x4.nearest").set(k);
      body.get(x).set(r);
      for (const part of [1.5625, 0.00830078125, -4.454455103380769e-6]) {
        this.fma(() => body.get(k), () => body.f32x4(-part), () => body.get(r));
        body.set(r);
      }
      body.get(r).get(r).op("f32x4.mul").set(s);
      body.get(k).op("i32x4.trunc_sat_f32x4_s").i32x4(quarters).op("i32x4.add").set(k);
      this.#polynomial(s, [0.00002443315711809948, -0.001388731625493765, 0.04166664568298827, -0.5, 1]);
      this.#polynomial(s, [-0.00019515295891, 0.0083321608736, -0.16666654611]);
      body.get(s).op("f32x4.mul").get(r).op("f32x4.mul").get(r).op("f32x4.add");
      body.get(k).i32x4(1).op("v128.and").i32x4(1).op("i32x4.eq").op("v128.bitselect");
      this.#clamp(-1, 1);
      body.get(k).i32x4(2).op("v128.and").i32(30).op("i32x4.shl").op("v128.xor");
    });
  }

  #atan(x: number): void {
    const { body } = this;
    body.temps("v128", 4, ([a = 0, r = 0, s = 0, large = 0]) => {
      body.get(x).op("f32x4.abs").tee(a).f32x4(2.414213562).op("f32x4.gt").set(large);
      const middle = () => body.get(a).f32x4(0.414213562).op("f32x4.gt");
      body.f32x4(-1).get(a).op("f32x4.div");
      body.get(a).f32x4(1).op("f32x4.sub").get(a).f32x4(1).op("f32x4.add").op("f32x4.div");
      body.get(a);
      middle().op("v128.bitselect").get(large).op("v128.bitselect").tee(r);
      body.get(r).op("f32x4.mul").set(s);
      this.#polynomial(s, [0.0805374449538, -0.138776856032, 0.199777106478, -0.333329491539]);
      body.get(s).op("f32x4.mul").get(r).op("f32x4.mul").get(r).op("f32x4.add");
      body.f32x4(Math.PI / 2).f32x4(Math.PI / 4);
      middle().op("v128.and").get(large).op("v128.bitselect").op("f32x4.add");
      this.#withSign(x);
    });
  }

  #tanh(x: number): void {
    const { body } = this;
    body.temps("v128", 2, ([a = 0, s = 0]) => {
      body.get(x).get(x).op("f32x4.mul").set(s);
      this.#polynomial(s, [
        -5.70498872745e-3,
        2.06390887954e-2,
        -5.37397155531e-2,
        0.133314422036,
        -0.333332819422,
      ]);
      body.get(s).op("f32x4.mul").get(x).op("f32x4.mul").get(x).op("f32x4.add");
      body.get(x).get(x).op("f32x4.add").op("f32x4.abs").set(a);
      body.f32x4(1).f32x4(2);
      this.#exp(a);
      body.f32x4(1).op("f32x4.add").op("f32x4.div").op("f32x4.sub");
      this.#withSign(x);
      body.get(a).f32x4(1.25).op("f32x4.lt").op("v128.bitselect");
    });
  }

  /** The error function: its series about 0, and from ½ on Abramowitz and Stegun's 7.1.26. */
  #erf(x: number): void {
    const { body } = this;
    body.temps("v128", 3, ([a = 0, t = 0, small = 0]) => {
      body.get(x).op("f32x4.abs").tee(a).f32x4(0.5).op("f32x4.lt").set(small);
      body.get(x).get(x).op("f32x4.mul").set(t);
      this.#polynomial(
        t,
        [-1 / 1320, 1 / 216, -1 / 42, 0.1, -1 / 3, 1].map((c) => c * 2 / Math.sqrt(Math.PI)),
      );
      body.get(x).op("f32x4.mul");
      body.f32x4(1).get(a).f32x4(0.3275911).op("f32x4.mul").f32x4(1).op("f32x4.add").op("f32x4.div").set(t);
      body.f32x4(1);
      this.#polynomial(t, [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0]);
      body.get(a).get(a).op("f32x4.mul").op("f32x4.neg").set(a);
      this.#exp(a);
      body.op("f32x4.mul").op("f32x4.sub").op("f32x4.abs");
      this.#withSign(x);
      body.get(small).op("v128.bitselect");
    });
  }

  /** Powers as IEEE 754 has them: of negative numbers with whole exponents, of zero, and of infinite numbers. */
  #pow(x: number, exponent: number): void {
    const { body } = this;
    body.temps("v128", 6, ([a = 0, y = 0, k = 0, rest = 0, n = 0, whole = 0]) => {
      body.get(x).op("f32x4.abs").set(a);
      body.get(exponent);
      this.#clamp(-1e30, 1e30).set(y);
      this.#logarithm(a, k, rest, LOG2);
      // y·k is exact in two parts: of the twelve leading bits of y, and of the others.
      const high = () => body.get(y).i32x4(~0xfff).op("v128.and");
      body.get(y).get(k).op("f32x4.mul").get(y).get(rest).op("f32x4.mul").op("f32x4.add");
      this.#clamp(-151, 129).op("f32x4.nearest").set(n);
      high().get(k).op("f32x4.mul").get(n).op("f32x4.sub");
      body.get(y);
      high().op("f32x4.sub").get(k).op("f32x4.mul");
      body.get(y).get(rest).op("f32x4.mul").op("f32x4.add").op("f32x4.add");
      this.#clamp(-1, 1).f32x4(Math.LN2).op("f32x4.mul").set(rest);
      body.get(y).op("f32x4.floor").get(y).op("f32x4.eq").set(whole);
      // From the outside in: y is 0; x is negative and y isn't whole, or one is no number; x is 0 or infinite.
      body.f32x4(1).f32x4(NaN);
      body.f32x4(Infinity).get(a).f32x4(0).op("f32x4.eq").get(y).f32x4(0).op("f32x4.gt").op("v128.xor").op(
        "v128.and",
      );
      this.#scaled(rest, n);
      body.get(a).f32x4(0).op("f32x4.eq").get(a).f32x4(Infinity).op("f32x4.eq").op("v128.or").op(
        "v128.bitselect",
      );
      body.get(whole).get(y).f32x4(0.5).op("f32x4.mul").op("f32x4.floor").f32x4(2).op("f32x4.mul").get(y);
      body.op("f32x4.ne").op("v128.and").get(x).op("v128.and").i32x4(SIGN).op("v128.and").op("v128.or");
      body.get(x).f32x4(0).op("f32x4.lt").get(whole).op("v128.andnot").get(x).get(x).op("f32x4.ne").op(
        "v128.or",
      );
      body.get(y).get(y).op("f32x4.ne").op("v128.or").op("v128.bitselect");
      body.get(y).f32x4(0).op("f32x4.eq").op("v128.bitselect");
    });
  }

  /** Gives the positive vector on the stack the signs of a local. */
  #withSign(of: number): void {
    this.body.get(of).i32x4(SIGN).op("v128.and").op("v128.or");
  }
}
