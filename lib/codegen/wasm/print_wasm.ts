/**
 * A kernel as a WebAssembly module with the function `run(pointers…, lengths…, uniforms…, grid_x, grid_y, scratch, begin,
 * end)`. It runs the workgroups from `begin` to `end` of the grid, x fastest, so that one signature serves chunks and
 * threads. Pointers are addresses in the memory that the module imports; lengths count elements.
 */
import { isFloat, lanesOf, scalarOf } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Kernel, KernelStmt, KernelStore } from "../../lower/kernel.ts";
import { LowerError } from "../../lower/error.ts";
import { AccessBounds } from "./access_bounds.ts";
import { assemble, type Local, type WasmFunction } from "./assemble.ts";
import { Body } from "./body.ts";
import { encodeHalves } from "./f16.ts";
import { type Frame, KernelMemory } from "./kernel_memory.ts";
import { livingAcross, meetsIn, phasesOf } from "./phases.ts";
import { WasmExprPrinter } from "./print_expr.ts";
import { printText } from "./print_text.ts";
import { sinkLoads } from "./sink_loads.ts";
import { sumInLanes } from "./sum_in_lanes.ts";
import { isVector, laneIn, typeOf } from "./types.ts";
import { storeStored } from "./stored.ts";

/** A printed kernel. */
export interface WasmModule {
  /** The bytes of the module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same for readers. */
  readonly text: string;
  /** Bytes of memory that a worker needs for arrays of a workgroup and its threads. */
  readonly scratchBytes: number;
}

/** A kernel that WebAssembly can't hold. It is compiled to JavaScript then. */
export class WasmRefusal extends LowerError {}

/** What WebAssembly's engines take at most in one function: bytes of a body, and locals. */
const MOST_BYTES = 7_000_000, MOST_LOCALS = 40_000;

/**
 * Prints a kernel as one module.
 *
 * @param relaxed whether relaxed SIMD may be used
 * @throws {WasmRefusal} for a kernel that WebAssembly can't hold
 */
export function printWasm(kernel: Kernel, relaxed: boolean): WasmModule {
  const printer = new Printer(sinkLoads(sumInLanes(kernel)), relaxed);
  const func = printer.function();
  const bytes = assemble(func);
  if (bytes.length > MOST_BYTES || func.locals.length > MOST_LOCALS) {
    throw new WasmRefusal(
      `cannot print ${kernel.name} as WebAssembly: expected at most ${MOST_BYTES} bytes and ${MOST_LOCALS} locals, got ` +
        `${bytes.length} and ${func.locals.length}; unroll less`,
    );
  }
  return { bytes, text: printText(kernel.name, func), scratchBytes: printer.scratchBytes };
}

class Printer {
  readonly #body: Body;
  readonly #bounds: AccessBounds;
  readonly #memory: KernelMemory;
  readonly #exprs: WasmExprPrinter;
  /** The locals of blockIdx and threadIdx. */
  readonly #at = new Map<string, number>();
  readonly #meets: boolean;
  readonly #thread: number | undefined;
  readonly #uniforms: number;

  constructor(readonly kernel: Kernel, relaxed: boolean) {
    const { bindings, uniforms } = kernel;
    const param = (name: string): Local => ({ name, type: "i32" });
    this.#uniforms = 2 * bindings.length;
    this.#body = new Body([
      ...bindings.map((b) => param(b.buffer.name)),
      ...bindings.map((b) => param(`${b.buffer.name}_length`)),
      ...uniforms.map((v) => param(v.name)),
      ...["grid_x", "grid_y", "scratch", "begin", "end"].map(param),
    ]);
    this.#meets = meetsIn(kernel.body);
    this.#thread = this.#meets ? this.#body.local("thread", "i32") : undefined;
    const frame: Frame = {
      pointers: 0,
      lengths: bindings.length,
      scratch: this.#last(2),
      thread: this.#thread,
    };
    const across = livingAcross(kernel);
    this.#bounds = new AccessBounds(kernel);
    this.#memory = new KernelMemory(kernel, this.#body, frame, this.#bounds, across.buffers);
    this.#exprs = new WasmExprPrinter(this.#body, this.#memory, this.#bounds, relaxed);
    uniforms.forEach((v, k) => this.#exprs.vars.set(v, () => void this.#body.get(this.#uniforms + k)));
    this.#across = across.vars;
  }

  readonly #across: ReturnType<typeof livingAcross>["vars"];

  /** The parameter at a distance from the last one, `end`. */
  #last(fromEnd: number): number {
    return this.#body.params.length - 1 - fromEnd;
  }

  get scratchBytes(): number {
    return this.#memory.scratchBytes;
  }

  function(): WasmFunction {
    const body = this.#body, { kernel } = this;
    for (
      const tag of ["blockIdx.x", "blockIdx.y", "blockIdx.z", "threadIdx.x", "threadIdx.y", "threadIdx.z"]
    ) {
      const known = kernel.threads.find((t) => t.tag === tag);
      const local = body.local(known?.var.name ?? tag, "i32");
      this.#at.set(tag, local);
      if (known) this.#exprs.vars.set(known.var, () => void body.get(local));
    }
    const begin = this.#last(1), end = this.#last(0), block = body.local("workgroup", "i32");
    body.get(begin).set(block);
    body.get(begin).get(end).op("i32.lt_s");
    body.if(undefined, () => {
      body.op("loop", 0x40);
      this.#place(block);
      if (this.#meets) this.#phases(kernel.body);
      else this.#threads(() => this.#block(kernel.body));
      body.get(block).i32(1).op("i32.add").tee(block).get(end).op("i32.lt_s").op("br_if", 0).op("end");
    });
    return { name: "run", params: body.params, locals: body.locals, code: body.code };
  }

  /** Finds the coordinates of a workgroup. */
  #place(block: number): void {
    const body = this.#body, x = this.#last(4), y = this.#last(3);
    const at = (axis: string) => this.#at.get(`blockIdx.${axis}`) as number;
    body.get(block).get(x).op("i32.rem_u").set(at("x"));
    body.get(block).get(x).op("i32.div_u").get(y).op("i32.rem_u").set(at("y"));
    body.get(block).get(x).op("i32.div_u").get(y).op("i32.div_u").set(at("z"));
  }

  /** Runs something for every thread of the workgroup. */
  #threads(run: () => void): void {
    const body = this.#body;
    if (this.#thread !== undefined) body.i32(0).set(this.#thread);
    const nest = (axes: readonly number[]): void => {
      const [axis, ...inner] = axes;
      if (axis === undefined) {
        run();
        if (this.#thread !== undefined) body.get(this.#thread).i32(1).op("i32.add").set(this.#thread);
        return;
      }
      const local = this.#at.get(`threadIdx.${"xyz"[axis]}`) as number;
      body.for(local, this.kernel.workgroupSize[axis] as number, () => nest(inner));
    };
    nest([2, 1, 0]);
  }

  /** Runs statements with barriers: all threads run what lies between two, one after the other. */
  #phases(stmts: readonly KernelStmt[]): void {
    const body = this.#body;
    for (const phase of phasesOf(stmts)) {
      switch (phase.kind) {
        case "threads":
          this.#threads(() => this.#block(phase.body));
          break;
        case "for": {
          const v = body.local(phase.loop.var.name, "i32");
          this.#exprs.vars.set(phase.loop.var, () => void body.get(v));
          this.#firstThread();
          body.for(v, this.#extent(phase.loop.extent), () => this.#phases(phase.loop.body));
          break;
        }
        case "if":
          this.#firstThread();
          this.#exprs.expr(phase.cond);
          body.if(
            undefined,
            () => this.#bounds.under(phase.cond, true, () => this.#phases(phase.then)),
            () => this.#bounds.under(phase.cond, false, () => this.#phases(phase.else)),
          );
          break;
        default:
          phase satisfies never;
      }
    }
  }

  /** What all threads agree on is computed as the first one does. */
  #firstThread(): void {
    const body = this.#body;
    for (const axis of "xyz") body.i32(0).set(this.#at.get(`threadIdx.${axis}`) as number);
    if (this.#thread !== undefined) body.i32(0).set(this.#thread);
  }

  #extent(e: Expr): number | (() => void) {
    return e.kind === "const" ? Math.max(0, e.value) : () => this.#exprs.expr(e);
  }

  #block(stmts: readonly KernelStmt[]): void {
    for (const s of stmts) this.#stmt(s);
  }

  #stmt(s: KernelStmt): void {
    const body = this.#body, exprs = this.#exprs;
    switch (s.kind) {
      case "for": {
        const v = body.local(s.var.name, "i32");
        exprs.vars.set(s.var, () => void body.get(v));
        body.for(v, this.#extent(s.extent), () => this.#block(s.body));
        return;
      }
      case "if": {
        exprs.expr(s.cond);
        const otherwise = () => this.#bounds.under(s.cond, false, () => this.#block(s.else));
        body.if(
          undefined,
          () => this.#bounds.under(s.cond, true, () => this.#block(s.then)),
          s.else.length > 0 ? otherwise : undefined,
        );
        return;
      }
      case "let":
        return this.#let(s);
      case "store":
        return this.#store(s);
      case "barrier":
        throw new LowerError(`a barrier of ${this.kernel.name} stands where not all threads pass`);
      default:
        s satisfies never;
    }
  }

  #let({ var: v, value }: Extract<KernelStmt, { kind: "let" }>): void {
    const body = this.#body, exprs = this.#exprs, type = typeOf(value);
    if (!this.#across.has(v)) {
      const local = body.local(v.name, type);
      exprs.held(value);
      body.set(local);
      exprs.vars.set(v, () => void body.get(local));
      return;
    }
    const bytes = type === "v128" ? 16 : 4, threads = this.kernel.workgroupSize.reduce((n, x) => n * x, 1);
    const offset = this.#memory.reserve(bytes, threads),
      [size, kind] = type === "v128" ? [4, "v128"] as const : [2, type === "f32" ? "f32" : "i32"] as const;
    this.#memory.pushScratch(bytes, threads);
    exprs.held(value);
    body.op(`${kind}.store`, size, offset);
    exprs.vars.set(v, () => {
      this.#memory.pushScratch(bytes, threads);
      body.op(`${kind}.load`, size, offset);
    });
  }

  #store({ buffer, index, value }: KernelStore): void {
    const body = this.#body, exprs = this.#exprs, memory = this.#memory;
    const single = memory.single(buffer), float = isFloat(buffer.dtype);
    if (single) {
      if (single.lanes === 1 || index.kind === "ramp") {
        exprs.expr(value);
        return void body.set(single.local);
      }
      return this.#storeLane(single.local, index, value, float);
    }
    const lanes = index.kind === "ramp" ? 4 : 1, half = memory.isHalf(buffer);
    if (lanes === 4 && lanesOf(value.dtype) === 1) {
      throw new LowerError(`a store to ${buffer.name} has too few lanes`);
    }
    const offset = memory.address(buffer, index.kind === "ramp" ? index.base : index, lanes, exprs.expr);
    if (buffer.stored) {
      exprs.held(value);
      return storeStored(body, buffer.stored, offset);
    }
    if (half) {
      // What rounds to halves is rounded by the store.
      exprs.expr(value.kind === "cast" && isFloat(value.a.dtype) ? value.a : value);
      if (lanes === 1) body.op("f32x4.splat");
      encodeHalves(body);
      if (lanes === 1) return void body.op("v128.store16_lane", 1, offset, 0);
      // Narrowing takes two vectors; the second half of its result isn't stored.
      return body.temp(
        "v128",
        (bits) => body.tee(bits).get(bits).op("i16x8.narrow_i32x4_u").op("v128.store64_lane", 3, offset, 0),
      );
    }
    // Halves in registers are rounded where they are seen; those of a workgroup are seen by other threads.
    if (buffer.scope === "local") exprs.expr(value);
    else exprs.held(value);
    // True is stored as 1, and as all bits of a lane it isn't.
    if (buffer.dtype === "bool" && isVector(value)) body.i32x4(1).op("v128.and");
    body.op(lanes === 4 ? "v128.store" : float ? "f32.store" : "i32.store", 2, offset);
  }

  /** Stores one lane of a vector of registers. */
  #storeLane(local: number, index: Expr, value: Expr, float: boolean): void {
    const body = this.#body, exprs = this.#exprs, lane = laneIn(index);
    if (lane !== undefined) {
      body.get(local);
      exprs.expr(value);
      return void body.op(float ? "f32x4.replace_lane" : "i32x4.replace_lane", lane).set(local);
    }
    exprs.expr(value);
    body.op(scalarOf(value.dtype) === "f32" || float ? "f32x4.splat" : "i32x4.splat").get(local);
    exprs.expr(index);
    body.i32(3).op("i32.and").op("i32x4.splat").i32x4(0, 1, 2, 3).op("i32x4.eq").op("v128.bitselect").set(
      local,
    );
  }
}
