/**
 * Where a loop adds four neighbouring terms of a sum at each iteration, they are added up in four lanes, and these after the
 * loop; so are maxima and minima:
 *
 *                                          part = [0, 0, 0, 0]
 *     for k in range(n):                   for k in range(n):
 *       s = s + a[0] * b[0]                  part = part + a * b
 *       s = s + a[1] * b[1]          →     s = s + ((part[0] + part[1]) + (part[2] + part[3]))
 *       s = s + a[2] * b[2]
 *       s = s + a[3] * b[3]
 */
import { binary, broadcast, constant, load } from "../../ir/build.ts";
import type { Binary, Buffer, Expr, Load } from "../../ir/expr.ts";
import { keyOf } from "../../ir/key.ts";
import { someExpr, walkExpr } from "../../ir/visit.ts";
import type { Alloc, Kernel, KernelFor, KernelStmt, KernelStore } from "../../lower/kernel.ts";
import { meetsIn } from "./phases.ts";
import { zipLanes } from "./zip_lanes.ts";

type Step = KernelStore & { readonly value: Binary };

/** Rewrites the sums of a kernel. */
export function sumInLanes(kernel: Kernel): Kernel {
  const made: Alloc[] = [];
  const rewriter = new Rewriter(kernel, made);
  const body = rewriter.stmts(kernel.body);
  return made.length === 0 ? kernel : { ...kernel, body, locals: [...kernel.locals, ...made] };
}

class Rewriter {
  /** Vectors in registers: any four aligned elements of them can be read at once. */
  readonly #vectors = new Set<Buffer>();

  constructor(kernel: Kernel, readonly made: Alloc[]) {
    for (const a of kernel.locals) if (a.lanes === 4) this.#vectors.add(a.buffer);
  }

  stmts(body: readonly KernelStmt[]): readonly KernelStmt[] {
    return body.flatMap((s): readonly KernelStmt[] => {
      if (s.kind === "if") return [{ ...s, then: this.stmts(s.then), else: this.stmts(s.else) }];
      if (s.kind !== "for") return [s];
      const { before, loop, after } = this.#loop(s);
      return [...before, { ...loop, body: this.stmts(loop.body) }, ...after];
    });
  }

  #loop(loop: KernelFor) {
    const before: KernelStmt[] = [], after: KernelStmt[] = [];
    if (meetsIn(loop.body)) return { before, loop, after };
    let { body } = loop;
    for (const place of sumsIn(body)) {
      const part: Buffer = {
        ...place.buffer,
        name: `${place.buffer.name}_part`,
        shape: [constant(4)],
      };
      const next = this.#withPart(body, place, part);
      if (!next) continue;
      body = next;
      this.made.push({ buffer: part, lanes: 4, size: 4 });
      const whole = load(place.buffer, place.index), lane = (k: number) => load(part, constant(k));
      const { op } = place.value;
      before.push({
        kind: "store",
        buffer: part,
        index: ramp,
        value: broadcast(op === "add" ? constant(0, place.buffer.dtype) : whole, 4),
      });
      const all = binary(op, binary(op, lane(0), lane(1)), binary(op, lane(2), lane(3)));
      after.push({ kind: "store", buffer: place.buffer, index: place.index, value: binary(op, whole, all) });
    }
    return { before, loop: { ...loop, body }, after };
  }

  /** The body with a sum's steps four by four; undefined where some don't go together. */
  #withPart(body: readonly KernelStmt[], place: Step, part: Buffer): readonly KernelStmt[] | undefined {
    const out: KernelStmt[] = [];
    let group: Step[] = [], written = new Set<Buffer>();
    for (const s of body) {
      if (s.kind === "for" || s.kind === "if") {
        if (group.length > 0) return undefined;
        const inner = (b: readonly KernelStmt[]) => this.#withPart(b, place, part);
        if (s.kind === "for") {
          const changed = inner(s.body);
          if (!changed) return undefined;
          out.push({ ...s, body: changed });
        } else {
          const then = inner(s.then), otherwise = inner(s.else);
          if (!then || !otherwise) return undefined;
          out.push({ ...s, then, else: otherwise });
        }
        continue;
      }
      if (!isStepOf(s, place)) {
        if (s.kind === "store") written.add(s.buffer);
        out.push(s);
        continue;
      }
      if (group.length === 0) written = new Set();
      group.push(s);
      if (group.length < 4) continue;
      const terms = group.map((x) => x.value.b);
      const term = zipLanes(
        terms,
        ({ buffer }, index) => this.#vectors.has(buffer) && index.kind === "const" && index.value % 4 === 0,
      );
      if (!term || terms.some((t) => someExpr(t, (x) => x.kind === "load" && written.has(x.buffer)))) {
        return undefined;
      }
      const sum = { kind: "load", dtype: term.dtype, buffer: part, indices: [ramp] } satisfies Load;
      out.push({
        kind: "store",
        buffer: part,
        index: ramp,
        value: { ...place.value, dtype: term.dtype, a: sum, b: term },
      });
      group = [];
    }
    return group.length === 0 ? out : undefined;
  }
}

const ramp: Expr = { kind: "ramp", dtype: "i32x4", base: constant(0), stride: 1 };

function isStep(s: KernelStmt): s is Step {
  if (s.kind !== "store" || s.buffer.scope !== "local" || s.buffer.dtype !== "f32") return false;
  const { value, index } = s;
  return index.kind === "const" && value.kind === "binary" &&
    (value.op === "add" || value.op === "max" || value.op === "min") &&
    value.a.kind === "load" && value.a.buffer === s.buffer &&
    keyOf(value.a.indices[0] as Expr) === keyOf(index);
}

function isStepOf(s: KernelStmt, place: Step): s is Step {
  return isStep(s) && s.buffer === place.buffer && keyOf(s.index) === keyOf(place.index);
}

/** The places to which all that the statements do is to add at least four terms; the first step of each. */
function sumsIn(body: readonly KernelStmt[]): readonly Step[] {
  const steps = new Map<string, Step[]>(), spoiled = new Set<Buffer>(), spoiledPlaces = new Set<string>();
  const placeOf = (b: Buffer, index: Expr) => `${b.name}:${keyOf(index)}`;
  const read = (e: Expr) =>
    walkExpr(e, (x) => {
      if (x.kind !== "load" || x.buffer.scope !== "local") return;
      const index = x.indices[0] as Expr;
      if (index.kind === "const") spoiledPlaces.add(placeOf(x.buffer, index));
      else spoiled.add(x.buffer);
    });
  const visit = (stmts: readonly KernelStmt[]): void => {
    for (const s of stmts) {
      if (s.kind === "for") {
        read(s.extent);
        visit(s.body);
      } else if (s.kind === "if") {
        read(s.cond);
        visit(s.then);
        visit(s.else);
      } else if (s.kind === "let") read(s.value);
      else if (isStep(s)) {
        read(s.value.b);
        const key = placeOf(s.buffer, s.index), known = steps.get(key);
        if (known?.[0] && known[0].value.op !== s.value.op) spoiledPlaces.add(key);
        steps.set(key, [...known ?? [], s]);
      } else if (s.kind === "store") {
        read(s.index);
        read(s.value);
        if (s.index.kind === "const") spoiledPlaces.add(placeOf(s.buffer, s.index));
        else spoiled.add(s.buffer);
      }
    }
  };
  visit(body);
  return [...steps].flatMap(([key, [first, ...rest]]) =>
    first && rest.length >= 3 && !spoiled.has(first.buffer) && !spoiledPlaces.has(key) ? [first] : []
  );
}
