/**
 * A kernel as JavaScript: the body of `(buffers, uniforms, grid) => void` that runs one workgroup after the other.
 * Where threads meet at barriers, each is a generator that yields there. Each operation on floats is rounded to its
 * dtype; sums in registers are kept in doubles, and rounded where they are read.
 */
import { isFloat, type ScalarType } from "../../ir/dtype.ts";
import { keyOf } from "../../ir/key.ts";
import type { Alloc, Kernel, KernelStmt, KernelStore } from "../../lower/kernel.ts";
import { Names } from "../names.ts";
import { printRounded } from "./convert.ts";
import { JavaScriptExprPrinter } from "./print_expr.ts";
import { promotedSums } from "./promoted_sums.ts";

/** Prints a kernel as the body of one JavaScript function. */
export function printJavaScript(kernel: Kernel): string {
  return new Printer(kernel).body();
}

const ARRAY: Readonly<Record<ScalarType, string>> = {
  f32: "Float32Array",
  f16: "Float16Array",
  i32: "Int32Array",
  u32: "Uint32Array",
  bool: "Uint32Array",
};

class Printer {
  readonly #names = new Names();
  readonly #exprs: JavaScriptExprPrinter;
  readonly #lines: string[] = [];

  constructor(readonly kernel: Kernel) {
    this.#exprs = new JavaScriptExprPrinter(kernel, this.#names);
  }

  body(): string {
    const { kernel } = this;
    const meet = hasBarrier(kernel.body);
    kernel.bindings.forEach((b, k) => this.#line(0, `const ${this.#names.of(b.buffer)} = buffers[${k}];`));
    kernel.uniforms.forEach((v, k) => this.#line(0, `const ${this.#names.of(v)} = uniforms[${k}];`));
    for (const a of kernel.shared) this.#line(0, this.#array(a));
    if (!meet) { for (const a of kernel.locals) if (a.size > 1) this.#line(0, this.#array(a)); }
    const threads = ["x", "y", "z"].map((d) => this.#thread(`threadIdx.${d}`));
    const blocks = ["x", "y", "z"].map((d) => this.#thread(`blockIdx.${d}`));
    [2, 1, 0].forEach((d) =>
      this.#line(0, `for (let ${blocks[d]} = 0; ${blocks[d]} < grid[${d}]; ${blocks[d]}++) {`)
    );
    if (meet) this.#lockstep(threads);
    else this.#inTurn(threads);
    this.#line(0, "}}}");
    return [...this.#exprs.helpers, ...this.#lines, ""].join("\n");
  }

  #thread(tag: string): string {
    const known = this.kernel.threads.find((t) => t.tag === tag);
    return known ? this.#names.of(known.var) : this.#names.fresh(tag);
  }

  #inTurn(threads: readonly string[]): void {
    [2, 1, 0].forEach((d) =>
      this.#line(
        1,
        `for (let ${threads[d]} = 0; ${threads[d]} < ${this.kernel.workgroupSize[d]}; ${threads[d]}++) {`,
      )
    );
    for (const a of this.kernel.locals) {
      if (a.size === 1) this.#line(2, `let ${this.#names.of(a.buffer)} = 0;`);
    }
    this.#block(this.kernel.body, 2);
    this.#line(1, "}}}");
  }

  #lockstep(threads: readonly string[]): void {
    this.#line(1, `const thread = function* (${threads.join(", ")}) {`);
    for (const a of this.kernel.locals) {
      this.#line(2, a.size === 1 ? `let ${this.#names.of(a.buffer)} = 0;` : this.#array(a));
    }
    this.#block(this.kernel.body, 2);
    this.#line(1, "};");
    this.#line(1, "let threads = [];");
    const [x, y, z] = this.kernel.workgroupSize;
    this.#line(
      1,
      `for (let z = 0; z < ${z}; z++) for (let y = 0; y < ${y}; y++) for (let x = 0; x < ${x}; x++) threads.push(thread(x, y, z));`,
    );
    this.#line(1, "while (threads.length > 0) threads = threads.filter((t) => !t.next().done);");
  }

  /** Takes a sum out of memory into a variable; gives the line that puts it back. */
  #promote(s: KernelStore, depth: number): string {
    const { promoted } = this.#exprs;
    const element = `${this.#names.of(s.buffer)}[${this.#exprs.expr(s.index)}]`;
    const sum = this.#names.fresh("sum");
    this.#line(depth, `let ${sum} = ${element};`);
    promoted.set(s.buffer, new Map([...promoted.get(s.buffer) ?? [], [keyOf(s.index), sum]]));
    return `${element} = ${sum};`;
  }

  #array(a: Alloc): string {
    const array = this.#exprs.isSum(a.buffer) ? "Float64Array" : ARRAY[a.buffer.dtype];
    return `const ${this.#names.of(a.buffer)} = new ${array}(${a.size});`;
  }

  #line(depth: number, text: string): void {
    this.#lines.push("  ".repeat(depth) + text);
  }

  #block(body: readonly KernelStmt[], depth: number): void {
    for (const s of body) this.#stmt(s, depth);
  }

  #stmt(s: KernelStmt, depth: number): void {
    switch (s.kind) {
      case "for": {
        // What an outer loop has taken out stays there.
        const taken = new Set(this.#exprs.promoted.keys());
        const sums = promotedSums(s).filter((x) => !taken.has(x.buffer));
        const held = sums.map((x) => this.#promote(x, depth));
        const v = this.#names.of(s.var);
        const end = this.#names.fresh("end");
        this.#line(
          depth,
          `for (let ${v} = 0, ${end} = ${this.#exprs.expr(s.extent)}; ${v} < ${end}; ${v}++) {`,
        );
        this.#block(s.body, depth + 1);
        this.#line(depth, "}");
        for (const line of held) this.#line(depth, line);
        for (const x of sums) this.#exprs.promoted.delete(x.buffer);
        return;
      }
      case "if":
        this.#line(depth, `if ${this.#exprs.condition(s.cond)} {`);
        this.#block(s.then, depth + 1);
        if (s.else.length > 0) {
          this.#line(depth, "} else {");
          this.#block(s.else, depth + 1);
        }
        this.#line(depth, "}");
        return;
      case "store": {
        const step = this.#exprs.step(s);
        if (step) return this.#line(depth, `${step.sum} = ${step.sum} + ${step.term};`);
        const value = this.#exprs.stored(s), name = this.#names.of(s.buffer);
        if (!this.#exprs.isSingle(s.buffer)) {
          this.#line(depth, `${name}[${this.#exprs.expr(s.index)}] = ${value};`);
        } else {
          const held = isFloat(s.buffer.dtype) ? value : printRounded(value, s.buffer.dtype);
          this.#line(depth, `${name} = ${held};`);
        }
        return;
      }
      case "let":
        this.#line(depth, `const ${this.#names.of(s.var)} = ${this.#exprs.expr(s.value)};`);
        return;
      case "barrier":
        this.#line(depth, "yield;");
        return;
      default:
        s satisfies never;
    }
  }
}

function hasBarrier(body: readonly KernelStmt[]): boolean {
  return body.some((s) =>
    s.kind === "barrier" || (s.kind === "for" && hasBarrier(s.body)) ||
    (s.kind === "if" && (hasBarrier(s.then) || hasBarrier(s.else)))
  );
}
