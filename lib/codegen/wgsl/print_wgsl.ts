/** A kernel as WGSL. Prints what the kernel says and decides nothing. */
import { elementsOf } from "../../ir/elements.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Binding, Kernel, KernelStmt } from "../../lower/kernel.ts";
import { identifier, Names } from "../names.ts";
import { WgslExprPrinter } from "./print_expr.ts";
import { arrayType, elementType, texelFormat, texelType } from "./types.ts";
import { usesF16 } from "./uses_feature.ts";

/** The name of the entry point in every module. */
export const ENTRY = "main";

/**
 * Prints a kernel as one WGSL module.
 *
 * @param directives the extensions that the source enables beside f16
 */
export function printWgsl(kernel: Kernel, directives: readonly string[] = []): string {
  return new Printer(kernel, directives).module();
}

class Printer {
  readonly #names = new Names();
  readonly #exprs: WgslExprPrinter;
  #lines: string[] = [];

  constructor(readonly kernel: Kernel, readonly directives: readonly string[]) {
    this.#exprs = new WgslExprPrinter(kernel, this.#names);
  }

  module(): string {
    const { kernel } = this;
    const enabled = [...(usesF16(kernel) ? ["f16"] : []), ...this.directives];
    const head = enabled.length > 0 ? [...enabled.map((name) => `enable ${name};`), ""] : [];
    kernel.bindings.forEach((b, k) => head.push(`@group(0) @binding(${k}) ${this.#binding(b)};`));
    const fields = new Names();
    const uniforms = kernel.uniforms.map((v) => fields.of(v));
    if (uniforms.length > 0 || kernel.folded) {
      const fields = [...uniforms, ...(kernel.folded ? ["grid_x"] : [])].map((f) => `${f}: i32`).join(", ");
      head.push(`struct Shape { ${fields} }`);
      head.push(`@group(0) @binding(${kernel.bindings.length}) var<uniform> shape: Shape;`);
    }
    for (const a of kernel.shared) head.push(`var<workgroup> ${this.#names.of(a.buffer)}: ${arrayType(a)};`);

    this.#entry(uniforms);
    const [x, y, z] = kernel.workgroupSize;
    const takes = (tag: string) => kernel.threads.some((t) => t.tag.startsWith(tag));
    const given = [
      ...(takes("blockIdx") || kernel.folded ? ["@builtin(workgroup_id) wid: vec3<u32>"] : []),
      ...(takes("threadIdx") ? ["@builtin(local_invocation_id) lid: vec3<u32>"] : []),
      ...(kernel.folded ? ["@builtin(num_workgroups) num: vec3<u32>"] : []),
    ];
    return [
      `// ${identifier(kernel.name)}`,
      ...head,
      "",
      ...this.#exprs.helpers.values(),
      `@compute @workgroup_size(${x}, ${y}, ${z})`,
      `fn ${ENTRY}(${given.join(", ")}) {`,
      ...this.#lines,
      "}",
      "",
    ].join("\n");
  }

  #entry(uniforms: readonly string[]): void {
    const { kernel } = this;
    kernel.uniforms.forEach((v, k) => this.#line(1, `let ${this.#names.of(v)} = shape.${uniforms[k]};`));
    const folded = kernel.folded ? kernel.threads.find((t) => t.tag === "blockIdx.x") : undefined;
    if (kernel.folded) {
      const x = folded ? this.#names.of(folded.var) : this.#names.fresh("block_x");
      this.#line(1, `let ${x} = i32(wid.x + wid.z * num.x);`);
      this.#line(1, `if (${x} >= shape.grid_x) { return; }`);
    }
    for (const t of kernel.threads) {
      const from = t.tag.startsWith("threadIdx") ? "lid" : "wid";
      if (t !== folded) this.#line(1, `let ${this.#names.of(t.var)} = i32(${from}.${t.tag.at(-1)});`);
    }
    for (const a of kernel.locals) {
      const type = this.#exprs.isSingle(a.buffer) ? elementType(a.buffer.dtype, a.lanes) : arrayType(a);
      this.#line(1, `var ${this.#names.of(a.buffer)}: ${type};`);
    }
    this.#block(kernel.body, 1);
  }

  #line(depth: number, text: string): void {
    this.#lines.push("  ".repeat(depth) + text);
  }

  #binding({ buffer, access, lanes }: Binding): string {
    const name = this.#names.of(buffer);
    if (access === "sample") return `var ${name}: texture_2d<${texelType(buffer.dtype)}>`;
    if (buffer.scope === "texture") {
      return `var ${name}: texture_storage_2d<${texelFormat(buffer.dtype)}, read>`;
    }
    if (buffer.scope === "uniform") {
      return `var<uniform> ${name}: ${arrayType({ buffer, lanes, size: elementsOf(buffer.shape) ?? 0 })}`;
    }
    const word = buffer.stored || buffer.dtype === "f32" ? "u32" : buffer.dtype;
    const element = this.#exprs.isAtomic(buffer)
      ? `atomic<${word}>`
      : buffer.stored
      ? word
      : elementType(buffer.dtype, lanes);
    return `var<storage, ${access === "read" ? "read" : "read_write"}> ${name}: array<${element}>`;
  }

  #block(body: readonly KernelStmt[], depth: number): void {
    for (const s of body) this.#stmt(s, depth);
  }

  #stmt(s: KernelStmt, depth: number): void {
    switch (s.kind) {
      case "for": {
        const v = this.#names.of(s.var);
        this.#line(depth, `for (var ${v}: i32 = 0; ${v} < ${this.#end(s.extent, depth)}; ${v}++) {`);
        this.#block(s.body, depth + 1);
        this.#line(depth, "}");
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
        if (!s.buffer.stored && this.#exprs.isAtomic(s.buffer)) {
          return this.#line(depth, this.#exprs.update(s));
        }
        const value = this.#exprs.expr(s.value);
        if (s.buffer.stored) {
          const lines = this.#exprs.storeUnpacked(s.buffer, s.buffer.stored, s.index, value);
          for (const line of lines) this.#line(depth, line);
          return;
        }
        const stored = s.buffer.dtype === "bool" ? `select(0u, 1u, ${value})` : value;
        this.#line(depth, `${this.#exprs.place(s.buffer, s.index)} = ${stored};`);
        return;
      }
      case "let":
        this.#line(depth, `let ${this.#names.of(s.var)} = ${this.#exprs.expr(s.value)};`);
        return;
      case "barrier":
        this.#line(depth, s.memory === "shared" ? "workgroupBarrier();" : "storageBarrier();");
        return;
      default:
        s satisfies never;
    }
  }

  /** Writes the end of a loop, which is computed once and not at each iteration. */
  #end(extent: Expr, depth: number): string {
    const text = this.#exprs.expr(extent, 2);
    if (extent.kind === "const" || extent.kind === "var") return text;
    const name = this.#names.fresh("turns");
    this.#line(depth, `let ${name} = ${text};`);
    return name;
  }
}
