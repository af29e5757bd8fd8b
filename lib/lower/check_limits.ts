/** Checks a kernel against its device before a driver sees it: drivers accept too much, then hang or stop early. */
import { constant, isConst } from "../ir/build.ts";
import { bytesOf } from "../ir/dtype.ts";
import { elementsOf } from "../ir/elements.ts";
import { type Buffer, type Expr, isReadOnly, type Scope, type Var } from "../ir/expr.ts";
import { Analyzer } from "../arith/analyzer.ts";
import { mapExpr, walkExpr } from "../ir/visit.ts";
import { type Target, UNIFORM_BUFFERS, UNIFORM_BYTES } from "../target/target.ts";
import { LimitError } from "./error.ts";
import type { Kernel, KernelStmt } from "./kernel.ts";

export function checkLimits(kernel: Kernel, target: Target): void {
  const { limits } = target;
  const check = (what: string, asked: number, limit: number, mend: string) => {
    if (asked > limit) {
      throw new LimitError(
        `cannot run ${kernel.name} on ${target.name}: it needs ${asked} ${what}, the limit is ${limit}; ${mend}`,
      );
    }
  };
  const [x, y, z] = kernel.workgroupSize;
  check("threads per workgroup", x * y * z, limits.maxInvocations, "bind smaller loops to threads");
  kernel.workgroupSize.forEach((n, d) =>
    check(
      `threads in workgroup dimension ${"xyz"[d]}`,
      n,
      limits.maxWorkgroupSize[d] ?? 1,
      "split the thread loop",
    )
  );
  check("bytes of workgroup memory", sharedBytes(kernel), limits.maxSharedBytes, "use smaller tiles");
  const bound = (scope: Scope) => kernel.bindings.filter((b) => b.buffer.scope === scope);
  const textures = bound("texture").length, uniforms = bound("uniform");
  check(
    "storage buffers",
    kernel.bindings.length - textures - uniforms.length,
    limits.maxStorageBuffers,
    "fuse fewer operators",
  );
  check("textures", textures, limits.maxTextures, "keep some inputs in buffers");
  // The shape variables take one more.
  check("uniform buffers", uniforms.length + 1, UNIFORM_BUFFERS, "keep some inputs global");
  for (const { buffer } of uniforms) {
    check(`bytes in ${buffer.name}`, constBytes(buffer) ?? Infinity, UNIFORM_BYTES, "keep it global");
  }
  kernel.grid.forEach((g, d) => {
    if (isConst(g) && !(d === 0 && kernel.folded)) {
      check(
        `workgroups in dimension ${"xyz"[d]}`,
        g.value,
        limits.maxWorkgroups,
        d === 0 ? "leave blockIdx.z free to fold x into it" : "bind this loop to blockIdx.x",
      );
    }
  });
  for (const b of kernel.bindings) {
    if (isReadOnly(b.buffer.scope)) continue;
    const bytes = constBytes(b.buffer);
    if (bytes !== undefined) {
      check(`bytes in ${b.buffer.name}`, bytes, limits.maxBindingBytes, "split the tensor");
    }
  }
  check(
    "loop iterations in one thread",
    loopIterations(kernel),
    limits.maxLoopIterations,
    "the driver would end it silently: give a thread less work, or unroll",
  );
}

/** Bytes of workgroup memory, each array rounded up to 16. */
export function sharedBytes(kernel: Kernel): number {
  return kernel.shared.reduce((n, a) => n + Math.ceil(a.size * bytesOf(a.buffer.dtype) / 16) * 16, 0);
}

/**
 * Bounds the iterations of all loops in one thread. A loop of symbolic extent counts as one iteration; it is checked at
 * launch.
 */
function loopIterations(kernel: Kernel): number {
  const analyzer = new Analyzer();
  for (const v of kernel.uniforms) analyzer.bindRange(v, [1, Infinity]);
  for (const { tag, var: v } of kernel.threads) {
    const d = "xyz".indexOf(tag.slice(-1));
    analyzer.bind(
      v,
      tag.startsWith("blockIdx") ? kernel.grid[d] as Expr : constant(kernel.workgroupSize[d] as number),
    );
  }
  const iterations = (body: readonly KernelStmt[]): number =>
    body.reduce((n, s) => {
      switch (s.kind) {
        case "for": {
          analyzer.bind(s.var, s.extent);
          const [, most] = analyzer.bounds(s.extent);
          return n + (most === Infinity ? 1 : Math.max(0, most)) * (1 + iterations(s.body));
        }
        case "if":
          return n + Math.max(iterations(s.then), iterations(s.else));
        case "store":
        case "let":
        case "barrier":
          return n;
        default:
          return s satisfies never;
      }
    }, 0);
  return iterations(kernel.body);
}

/**
 * Lists for each loop of a thread its extent and those of the loops around it. The sum of the products is the number of
 * iterations. Extents that depend on more than shapes are left out.
 */
export function loopNests(kernel: Kernel): readonly (readonly Expr[])[] {
  const shapes = new Set(kernel.uniforms);
  const nests = (body: readonly KernelStmt[], around: readonly Expr[]): readonly (readonly Expr[])[] =>
    body.flatMap((s) => {
      if (s.kind === "if") return nests([...s.then, ...s.else], around);
      if (s.kind !== "for") return [];
      const extent = uncast(s.extent);
      const own = isOfShapes(extent, shapes) ? [...around, extent] : around;
      return [own, ...nests(s.body, own)];
    });
  return nests(kernel.body, []);
}

/** An extent without its conversions between integers: extents are never negative. */
function uncast(e: Expr): Expr {
  return e.kind === "cast" ? uncast(e.a) : mapExpr(e, uncast);
}

function isOfShapes(e: Expr, shapes: ReadonlySet<Var>): boolean {
  let known = true;
  walkExpr(e, (x) => {
    if (x.kind === "var" ? !shapes.has(x) : x.kind !== "const" && x.kind !== "binary") known = false;
  });
  return known;
}

function constBytes(b: Buffer): number | undefined {
  const elements = elementsOf(b.shape);
  return elements === undefined ? undefined : elements * bytesOf(b.dtype);
}
