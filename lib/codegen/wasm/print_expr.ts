/** The expressions of a kernel as WebAssembly: each puts its value on the stack. */
import { isFloat, scalarOf, type ScalarType } from "../../ir/dtype.ts";
import type { Binary, Buffer, Call, Cast, Expr, Load, Select, Var } from "../../ir/expr.ts";
import { LowerError } from "../../lower/error.ts";
import { isHeld } from "../is_held.ts";
import type { AccessBounds } from "./access_bounds.ts";
import type { Body, Push } from "./body.ts";
import { printAbsolute, printDivision, printDot, printExtreme, printField, printShift } from "./integers.ts";
import { decodeHalves, roundToHalves } from "./f16.ts";
import type { KernelMemory } from "./kernel_memory.ts";
import { VectorMath } from "./math.ts";
import { ROUNDED, SCALAR, VECTOR } from "./operators.ts";
import { isVector, laneIn, typeOf } from "./types.ts";
import { zipLanes } from "./zip_lanes.ts";
import { loadStored } from "./stored.ts";

/** Prints the expressions of one kernel. Halves are computed as f32; they are rounded where they are seen. */
export class WasmExprPrinter {
  /** Pushes each variable. */
  readonly vars = new Map<Var, Push>();
  readonly #math: VectorMath;

  /** Writes to `body`. */
  constructor(
    readonly body: Body,
    readonly memory: KernelMemory,
    readonly bounds: AccessBounds,
    readonly relaxed: boolean,
  ) {
    this.#math = new VectorMath(body, relaxed);
  }

  /** Pushes the value of an expression. */
  readonly expr = (e: Expr): void => {
    const { body } = this;
    switch (e.kind) {
      case "const":
        return this.#constant(e.value, e.dtype);
      case "var": {
        const push = this.vars.get(e);
        if (!push) throw new LowerError(`cannot print ${e.name} as WebAssembly: nothing gives it a value`);
        return push();
      }
      case "binary":
        return this.binary(e);
      case "not":
        this.expr(e.a);
        return void (isVector(e) ? body.op("v128.not") : body.op("i32.eqz"));
      case "select":
        return this.#select(e);
      case "cast":
        return this.#cast(e);
      case "call":
        return this.#call(e);
      case "load":
        return this.#load(e);
      case "ramp":
        this.expr(e.base);
        body.op("i32x4.splat").i32x4(...[0, 1, 2, 3].map((k) => Math.imul(k, e.stride))).op("i32x4.add");
        return;
      case "broadcast":
        return this.#broadcast(e.a);
      case "shuffle":
        return this.#shuffle(e.lanes, scalarOf(e.dtype));
      default:
        return e satisfies never;
    }
  };

  /** Pushes a value as its type holds it, f16 included. */
  held(e: Expr): void {
    this.expr(e);
    // Registers keep what f32 has.
    const isStored = (b: Buffer) => b.scope !== "local";
    if (scalarOf(e.dtype) === "f16" && !isHeld(e, isStored)) this.#rounded(isVector(e));
  }

  #rounded(vector: boolean): void {
    const { body } = this;
    if (vector) return roundToHalves(body);
    body.op("f32x4.splat");
    roundToHalves(body);
    body.op("f32x4.extract_lane", 0);
  }

  #constant(value: number, dtype: ScalarType): void {
    if (!isFloat(dtype)) return void this.body.i32(value);
    this.body.f32(dtype === "f16" ? Math.f16round(value) : value);
  }

  #load(e: Load): void {
    const { body, memory } = this, index = e.indices[0] as Expr;
    const single = memory.single(e.buffer);
    if (single) {
      body.get(single.local);
      if (single.lanes === 1 || index.kind === "ramp") return;
      const float = isFloat(e.dtype), lane = laneIn(index);
      if (lane !== undefined) return void body.op(float ? "f32x4.extract_lane" : "i32x4.extract_lane", lane);
      return this.#laneOf(index, float);
    }
    const lanes = index.kind === "ramp" ? 4 : 1;
    const offset = memory.address(e.buffer, index.kind === "ramp" ? index.base : index, lanes, this.expr);
    if (e.buffer.stored) return void loadStored(body, e.buffer.stored, offset);
    if (memory.isHalf(e.buffer)) {
      if (lanes === 1) {
        body.op("i32.load16_u", 1, offset).i32(16).op("i32.shl").i32(16).op("i32.shr_s").op("i32x4.splat");
      } else body.op("v128.load16x4_s", 3, offset);
      decodeHalves(body);
      if (lanes === 1) body.op("f32x4.extract_lane", 0);
      return;
    }
    body.op(lanes === 4 ? "v128.load" : isFloat(e.dtype) ? "f32.load" : "i32.load", 2, offset);
    if (e.dtype === "bool") body.i32(0).op("i32.ne");
  }

  /** Pushes a lane of the vector on the stack that is known only when the kernel runs. */
  #laneOf(index: Expr, float: boolean): void {
    const { body } = this, extract = float ? "f32x4.extract_lane" : "i32x4.extract_lane";
    body.temp("v128", (vector) =>
      body.temp("i32", (lane) => {
        body.set(vector);
        this.expr(index);
        body.set(lane);
        const among = (lanes: readonly number[]): void => {
          const [first = 0, ...rest] = lanes;
          body.get(vector).op(extract, first);
          if (rest.length === 0) return;
          among(rest);
          body.get(lane).i32(3).op("i32.and").i32(first).op("i32.eq").op("select");
        };
        among([0, 1, 2, 3]);
      }));
  }

  #broadcast(e: Expr): void {
    const { body, memory } = this, float = isFloat(e.dtype);
    if (e.kind === "const") {
      const value = e.dtype === "f16" ? Math.f16round(e.value) : e.value;
      return void (float ? body.f32x4(value) : body.i32x4(e.dtype === "bool" ? -value : value));
    }
    if (e.kind === "load" && e.dtype !== "bool") {
      const index = e.indices[0] as Expr, single = memory.single(e.buffer);
      const lane = single?.lanes === 4 ? laneIn(index) : undefined;
      if (single && lane !== undefined) {
        body.get(single.local).get(single.local);
        return void body.op("i8x16.shuffle", ...Array.from({ length: 16 }, (_, k) => 4 * lane + k % 4));
      }
      if (!single && !memory.isHalf(e.buffer) && !e.buffer.stored) {
        return void body.op("v128.load32_splat", 2, memory.address(e.buffer, index, 1, this.expr));
      }
    }
    this.expr(e);
    if (e.dtype === "bool") body.i32(0).op("i32.ne").i32(-1).op("i32.mul");
    body.op(float ? "f32x4.splat" : "i32x4.splat");
  }

  #shuffle(lanes: readonly Expr[], dtype: ScalarType): void {
    const { body } = this, float = isFloat(dtype);
    const zipped = zipLanes(lanes, ({ buffer }, index) => this.#mayLoad(buffer, index));
    if (zipped && zipped.kind !== "shuffle") return this.expr(zipped);
    if (this.#gatherHalves(lanes)) return;
    if (lanes.every((x) => x.kind === "const")) {
      const values = lanes.map((x) =>
        dtype === "f16" ? Math.f16round(x.value) : dtype === "bool" ? -x.value : x.value
      );
      return void (float ? body.f32x4(...values) : body.i32x4(...values));
    }
    lanes.forEach((x, k) => {
      this.expr(x);
      if (dtype === "bool") body.i32(-1).op("i32.mul");
      if (k === 0) body.op(float ? "f32x4.splat" : "i32x4.splat");
      else body.op(float ? "f32x4.replace_lane" : "i32x4.replace_lane", k);
    });
  }

  /** Tells whether four elements can be read as one vector. */
  #mayLoad(buffer: Buffer, index: Expr): boolean {
    const single = this.memory.single(buffer);
    if (single) return single.lanes === 4 && index.kind === "const" && index.value % 4 === 0;
    return buffer.dtype !== "bool" && !buffer.stored && this.bounds.isInside(buffer, index, 4);
  }

  /** Four halves from anywhere in memory are converted at once. */
  #gatherHalves(lanes: readonly Expr[]): boolean {
    const { body, memory } = this;
    const isHalf = (x: Expr): x is Load => x.kind === "load" && memory.isHalf(x.buffer);
    if (!lanes.every(isHalf)) return false;
    lanes.forEach((x, k) => {
      const offset = memory.address(x.buffer, x.indices[0] as Expr, 1, this.expr);
      body.op("i32.load16_u", 1, offset);
      if (k === 0) body.op("i32x4.splat");
      else body.op("i32x4.replace_lane", k);
    });
    body.i32(16).op("i32x4.shl").i32(16).op("i32x4.shr_s");
    decodeHalves(body);
    return true;
  }

  #select(e: Select): void {
    const { body } = this;
    if (isVector(e.cond)) {
      this.expr(e.a);
      this.expr(e.b);
      this.expr(e.cond);
      return void body.op("v128.bitselect");
    }
    const type = typeOf(e);
    if (isCheap(e.a) && isCheap(e.b)) {
      this.expr(e.a);
      this.expr(e.b);
      this.expr(e.cond);
      return void body.op(type === "v128" ? "select_v128" : "select");
    }
    this.expr(e.cond);
    body.if(
      type,
      () => this.bounds.under(e.cond, true, () => this.expr(e.a)),
      () => this.bounds.under(e.cond, false, () => this.expr(e.b)),
    );
  }

  #cast(e: Cast): void {
    const { body } = this, vector = isVector(e);
    const from = scalarOf(e.a.dtype), to = scalarOf(e.dtype);
    // What becomes f32 may be more exact than a half.
    if (to === "f32") this.expr(e.a);
    else this.held(e.a);
    if (from === to) return;
    if (to === "bool") {
      if (vector) return void (isFloat(from) ? body.f32x4(0).op("f32x4.ne") : body.i32x4(0).op("i32x4.ne"));
      return void (isFloat(from) ? body.f32(0).op("f32.ne") : body.i32(0).op("i32.ne"));
    }
    // True is all bits of a lane.
    if (from === "bool" && vector) body.i32x4(1).op("v128.and");
    if (!isFloat(from)) {
      if (!isFloat(to)) return;
      const unsigned = from === "u32";
      body.op(
        vector
          ? unsigned ? "f32x4.convert_i32x4_u" : "f32x4.convert_i32x4_s"
          : unsigned
          ? "f32.convert_i32_u"
          : "f32.convert_i32_s",
      );
      if (to === "f16" && !isSmall(e.a)) this.#rounded(vector);
      return;
    }
    if (to === "f16") return this.#rounded(vector);
    if (to === "f32") return;
    const unsigned = to === "u32";
    if (vector) body.op(unsigned ? "i32x4.trunc_sat_f32x4_u" : "i32x4.trunc_sat_f32x4_s");
    else body.op(unsigned ? "i32.trunc_sat_f32_u" : "i32.trunc_sat_f32_s");
  }

  /** Pushes the value of an operator. */
  binary(e: Binary): void {
    const { body } = this, vector = isVector(e.a), from = scalarOf(e.a.dtype);
    const kind = isFloat(from) ? "float" : from === "u32" ? "u32" : "i32";
    if (!vector && (e.op === "and" || e.op === "or")) return this.#logic(e);
    if (e.op === "floordiv" || e.op === "floormod") return printDivision(this, e);
    if (vector && (e.op === "shl" || e.op === "shr")) return printShift(this, e);
    if (!vector && kind !== "float" && (e.op === "min" || e.op === "max")) return printExtreme(this, e);
    if (vector && this.relaxed && kind === "float" && e.op === "add" && this.#madd(e)) return;
    if (vector && e.op === "bitand" && printField(this, e)) return;
    const seen = scalarOf(e.dtype) === "bool";
    for (const x of [e.a, e.b]) {
      if (seen) this.held(x);
      else this.expr(x);
    }
    const op = (vector ? VECTOR : SCALAR)[kind][e.op];
    if (op === undefined) {
      throw new LowerError(
        `cannot print ${e.op} of ${e.a.dtype} as WebAssembly: there is no such instruction`,
      );
    }
    body.op(op);
  }

  /** The second operand counts, and is computed, only where the first leaves it open. */
  #logic(e: Binary): void {
    const { body } = this;
    this.expr(e.a);
    if (isCheap(e.b)) {
      this.expr(e.b);
      return void body.op(e.op === "and" ? "i32.and" : "i32.or");
    }
    if (e.op === "and") {
      body.if("i32", () => this.bounds.under(e.a, true, () => this.expr(e.b)), () => body.i32(0));
    } else body.if("i32", () => body.i32(1), () => this.bounds.under(e.a, false, () => this.expr(e.b)));
  }

  #madd(e: Binary): boolean {
    const isProduct = (x: Expr): x is Binary => x.kind === "binary" && x.op === "mul";
    const [product, other] = isProduct(e.b) ? [e.b, e.a] : isProduct(e.a) ? [e.a, e.b] : [];
    if (!product || !other) return false;
    this.expr(product.a);
    this.expr(product.b);
    this.expr(other);
    this.body.op("f32x4.relaxed_madd");
    return true;
  }

  #call(e: Call): void {
    const { body } = this, vector = isVector(e), [first] = e.args as [Expr];
    const float = isFloat(e.dtype), ops = ROUNDED[e.op];
    switch (e.op) {
      case "abs":
        if (!float) return printAbsolute(this, first);
        break;
      case "rsqrt":
        if (vector) body.f32x4(1);
        else body.f32(1);
        this.expr(first);
        return void (vector ? body.op("f32x4.sqrt").op("f32x4.div") : body.op("f32.sqrt").op("f32.div"));
      case "fma": {
        const [a, b, c] = e.args as [Expr, Expr, Expr];
        if (vector) return this.#math.fma(() => this.expr(a), () => this.expr(b), () => this.expr(c));
        this.expr(a);
        this.expr(b);
        body.op("f32.mul");
        this.expr(c);
        return void body.op("f32.add");
      }
      case "isNaN":
        return isVector(first)
          ? body.temp("v128", (x) => (this.expr(first), body.tee(x).get(x).op("f32x4.ne")))
          : body.temp("f32", (x) => (this.expr(first), body.tee(x).get(x).op("f32.ne")));
      case "bitcastF32":
      case "bitcastI32":
      case "bitcastU32": {
        this.held(first);
        const from = isFloat(first.dtype);
        if (!vector && from !== float) body.op(from ? "i32.reinterpret_f32" : "f32.reinterpret_i32");
        return;
      }
      case "dot4I8Packed":
        return printDot(this, e);
      case "subgroupShuffleXor":
        throw new LowerError(`a ${e.op} reached WebAssembly: the CPU has no subgroups`);
      default:
    }
    if (ops) {
      this.expr(first);
      return void body.op(ops[vector ? 1 : 0]);
    }
    body.temps("v128", e.args.length, (args) => {
      e.args.forEach((x, k) => {
        this.expr(x);
        if (!vector) body.op("f32x4.splat");
        body.set(args[k] as number);
      });
      this.#math.call(e.op, args);
    });
    if (!vector) body.op("f32x4.extract_lane", 0);
  }
}

/** Tells whether an integer is certainly so small that a half holds it exactly: a field of a few bits. */
function isSmall(e: Expr): boolean {
  if (scalarOf(e.dtype) === "bool") return true;
  if (e.kind !== "binary" || e.op !== "bitand") return false;
  const mask = e.b.kind === "broadcast" ? e.b.a : e.b;
  return mask.kind === "const" && mask.value >= 0 && mask.value <= 2048;
}

/** Tells whether computing a value costs less than a branch, and fails for no operands. */
function isCheap(e: Expr, depth = 3): boolean {
  switch (e.kind) {
    case "const":
    case "var":
      return true;
    case "load":
      return e.buffer.scope === "local" && (e.indices[0] as Expr).kind === "const";
    case "broadcast":
    case "not":
      return isCheap(e.a, depth);
    case "binary":
      return depth > 0 && e.op !== "floordiv" && e.op !== "floormod" && isCheap(e.a, depth - 1) &&
        isCheap(e.b, depth - 1);
    default:
      return false;
  }
}
