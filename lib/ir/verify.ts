/**
 * Checks whether a program is well formed. Builders check single nodes; a verifier checks the whole program: scopes,
 * names, and the rules of its stage.
 */
import { isInt, isUniformType, lanesOf, scalarOf } from "./dtype.ts";
import { VerifyError } from "./error.ts";
import { type Buffer, type Expr, isReadOnly, type Var } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { printExcerpt } from "./print.ts";
import type { Block, For, Stmt, Store } from "./stmt.ts";
import { equalExpr } from "./equal.ts";
import { isInPlace, outputsOf } from "./parameters.ts";
import { walkStmt } from "./visit.ts";
import { type ExprScope, type IrStage, verifyAccess, verifyExpr } from "./verify_expr.ts";

export type { IrStage };

/**
 * Checks that `f` is a program of `stage`: each variable in scope and each buffer declared; names of loops,
 * blocks and buffers unique; extents positive where constant; index counts and all dtypes right; nothing
 * that the stage does not have.
 *
 * @throws {VerifyError} with what is wrong, and the statement's text
 */
export function verifyFunc(f: PrimFunc, stage: IrStage = "schedule"): void {
  new Verifier(f, stage).func();
}

class Verifier implements ExprScope {
  readonly #vars = new Set<Var>();
  readonly #buffers = new Set<Buffer>();
  readonly #loops = new Set<string>();
  readonly #blocks = new Set<string>();
  #inBlock = false;

  constructor(readonly f: PrimFunc, readonly stage: IrStage) {}

  hasVar(v: Var): boolean {
    return this.#vars.has(v);
  }
  hasBuffer(b: Buffer): boolean {
    return this.#buffers.has(b);
  }

  fail(what: string, at?: Stmt): never {
    throw new VerifyError(`${this.f.name} is not well formed: ${what}${at ? `\n${printExcerpt(at)}` : ""}`);
  }

  func(): void {
    const names = new Set<string>();
    const unique = (name: string, what: string) => {
      if (names.has(name)) this.fail(`there are two ${what} ${name}; give one of them another name`);
      names.add(name);
    };
    for (const v of this.f.shapeVars) {
      unique(v.name, "shape variables");
      if (v.dtype !== "i32") this.fail(`shape variable ${v.name} is ${v.dtype}, and not i32`);
      this.#vars.add(v);
    }
    names.clear();
    const { params, allocs } = this.f;
    for (const b of [...params, ...allocs]) {
      unique(b.name, "buffers");
      for (const d of b.shape) this.#extent(d, `a dimension of ${b.name}`);
      this.#buffers.add(b);
    }
    for (const b of params) {
      if (b.stored && b.scope !== "global") {
        this.fail(
          `${b.name} can't be in a ${b.scope}: it is stored as ${b.stored}, for which there are only buffers`,
        );
      }
      if (b.scope === "shared" || b.scope === "local") {
        this.fail(`parameter ${b.name} can't be in ${b.scope}`);
      }
      if (b.scope === "texture" && b.dtype === "bool") {
        this.fail(`${b.name} can't be in a texture: there is no format for bool`);
      }
      if (b.scope === "uniform" && !isUniformType(b.dtype)) {
        this.fail(`${b.name} can't be in a uniform buffer: that holds f32, i32 and u32, and not ${b.dtype}`);
      }
    }
    this.#inPlaceNames();
    for (const b of allocs) {
      if (b.stored) this.fail(`${b.name} is stored as ${b.stored}: only a parameter can be`);
      if (isReadOnly(b.scope)) this.fail(`${b.name} can't be in ${b.scope} memory: only a parameter can`);
    }
    this.#stmt(this.f.body);
  }

  /** What is updated in place is written, and each block that writes it reads it only where it writes. */
  #inPlaceNames(): void {
    const { inPlace } = this.f;
    if (inPlace.length === 0) return;
    const outputs = outputsOf(this.f);
    for (const [k, name] of inPlace.entries()) {
      if (inPlace.indexOf(name) !== k) this.fail(`${name} is named in inPlace twice`);
      if (!outputs.some((b) => b.name === name)) {
        this.fail(`${name} is named in inPlace, and is no parameter that the program writes`);
      }
    }
  }

  #inPlaceReads(b: Block): void {
    const stores = new Map<Buffer, Store>();
    walkStmt(b, (s) => s.kind === "store" && isInPlace(this.f, s.buffer) && stores.set(s.buffer, s));
    if (stores.size === 0) return;
    walkStmt(b.body, () => {}, (e) => {
      const at = e.kind === "load" ? stores.get(e.buffer)?.indices : undefined;
      if (e.kind !== "load" || !at || e.indices.every((i, d) => equalExpr(i, at[d] as Expr))) return;
      this.fail(`block ${b.name} updates ${e.buffer.name} in place, and reads it at another place`, b);
    });
  }

  #expr(e: Expr, at?: Stmt): void {
    verifyExpr(e, this, (what) => this.fail(what, at));
  }

  #extent(e: Expr, what: string, at?: Stmt): void {
    this.#expr(e, at);
    if (!isInt(e.dtype) || lanesOf(e.dtype) > 1) {
      this.fail(`${what} is of ${e.dtype}, and not an integer`, at);
    }
    if (e.kind === "const" && e.value < 1) this.fail(`${what} is ${e.value}; extents are positive`, at);
  }

  #condition(e: Expr, what: string, at: Stmt): void {
    this.#expr(e, at);
    if (e.dtype !== "bool") this.fail(`${what} is of ${e.dtype}, and not bool`, at);
  }

  /** Runs `inner` with `vars` in scope. */
  #within(vars: readonly Var[], at: Stmt, inner: () => void): void {
    for (const v of vars) {
      if (this.#vars.has(v)) this.fail(`variable ${v.name} is bound twice`, at);
      this.#vars.add(v);
    }
    inner();
    for (const v of vars) this.#vars.delete(v);
  }

  #stmt(s: Stmt): void {
    switch (s.kind) {
      case "for":
        return this.#for(s);
      case "seq":
        return s.body.forEach((x) => this.#stmt(x));
      case "if":
        this.#insideOnly(s);
        this.#condition(s.cond, "the condition", s);
        this.#stmt(s.then);
        if (s.else) this.#stmt(s.else);
        return;
      case "store":
        return this.#store(s);
      case "block":
        return this.#block(s);
      case "let":
        this.#loweredOnly(s);
        this.#expr(s.value, s);
        if (s.value.dtype !== s.var.dtype) this.fail(`${s.var.name} and its value differ in dtype`, s);
        return this.#within([s.var], s, () => this.#stmt(s.body));
      case "barrier":
        return this.#loweredOnly(s);
      default:
        return s satisfies never;
    }
  }

  #loweredOnly(s: Stmt): void {
    if (this.stage === "schedule") this.fail(`a ${s.kind} appears only in lowered programs`, s);
  }
  #insideOnly(s: Stmt): void {
    if (this.stage === "schedule" && !this.#inBlock) this.fail(`a ${s.kind} stands outside of any block`, s);
  }

  #for(s: For): void {
    const { name, dtype } = s.var;
    if (this.stage === "schedule" && this.#loops.has(name)) {
      this.fail(`there are two loops ${name}; give one of them another name`, s);
    }
    this.#loops.add(name);
    if (dtype !== "i32") this.fail(`loop variable ${name} is ${dtype}, and not i32`, s);
    this.#extent(s.extent, `the extent of loop ${name}`, s);
    this.#within([s.var], s, () => this.#stmt(s.body));
  }

  #store(s: Store): void {
    this.#insideOnly(s);
    const { buffer, indices, value } = s;
    const { name, dtype } = buffer;
    if (isReadOnly(buffer.scope)) {
      this.fail(`a store to ${name}, which is in ${buffer.scope} memory: that is read only`, s);
    }
    indices.forEach((e) => this.#expr(e, s));
    verifyAccess(buffer, indices, this, (what) => this.fail(what, s));
    this.#expr(value, s);
    if (scalarOf(value.dtype) !== dtype) {
      this.fail(`a store of ${value.dtype} to ${name}, which is ${dtype}`, s);
    }
    if (this.stage === "schedule" && lanesOf(value.dtype) > 1) this.fail(`a store of ${value.dtype}`, s);
  }

  #block(s: Block): void {
    const { name, iters, bindings } = s;
    if (this.stage === "lowered") this.fail(`block ${name} is left in a lowered program`, s);
    if (this.#inBlock) this.fail(`block ${name} stands inside another block`, s);
    if (this.#blocks.has(name)) {
      this.fail(`there are two blocks ${name}; give one of them another name`, s);
    }
    this.#blocks.add(name);
    if (this.f.inPlace.length > 0) this.#inPlaceReads(s);
    if (iters.length !== bindings.length) {
      this.fail(`block ${name} has ${iters.length} axes and ${bindings.length} values for them`, s);
    }
    for (const it of iters) {
      if (it.var.dtype !== "i32") this.fail(`axis ${it.var.name} is ${it.var.dtype}, and not i32`, s);
      this.#extent(it.extent, `the extent of axis ${it.var.name}`, s);
    }
    for (const e of bindings) {
      this.#expr(e, s);
      if (e.dtype !== "i32") this.fail(`block ${name} binds an axis to ${e.dtype}, and not i32`, s);
    }
    this.#condition(s.where, `the condition of block ${name}`, s);
    const { init, body } = s;
    const spatial = iters.filter((it) => it.type === "spatial");
    this.#inBlock = true;
    // The initial value is for all iterations of the reduction, so it can't mention the reduction's axes.
    if (init) this.#within(spatial.map((it) => it.var), s, () => this.#stmt(init));
    this.#within(iters.map((it) => it.var), s, () => this.#stmt(body));
    this.#inBlock = false;
  }
}
