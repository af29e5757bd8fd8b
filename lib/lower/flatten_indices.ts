/**
 * Every access gets one index: row-major elements for arrays. A texture keeps two: its row, and the element
 * within the row. Four elements make a texel.
 */
import { add, ceilDiv, constant, floorDiv, floorMod, isConst, mul } from "../ir/build.ts";
import { elementsOf } from "../ir/elements.ts";
import type { Buffer, Expr, Load } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, rewriter } from "../ir/visit.ts";
import type { Target } from "../target/target.ts";
import { copiedTextureLayout, type TextureLayout, textureLayout } from "../target/texture.ts";
import { analyzerOf, type KernelDraft } from "./kernel_draft.ts";
import { LimitError } from "./error.ts";

export function flattenIndices(draft: KernelDraft, target: Target): KernelDraft {
  const analyzer = analyzerOf(draft);
  const flats = new Map<Buffer, Buffer>();
  const textures = new Map<Buffer, TextureLayout>();
  const flatBuffer = (b: Buffer): Buffer => {
    let flat = flats.get(b);
    if (!flat) {
      const size = b.shape.reduce<Expr>((p, d) => mul(p, d), constant(1));
      // Outer buffers keep their object: it is their identity across kernels.
      flat = b.scope === "texture" || draft.outer.has(b) ? b : { ...b, shape: [analyzer.simplify(size)] };
      flats.set(b, flat);
      if (b.scope === "texture") textures.set(b, layoutOf(b, target, draft.activations.has(b)));
    }
    return flat;
  };
  const wrapping = new Set<Buffer>();
  const flatten = <T extends Load | Store>(x: T): T => {
    const b = flatBuffer(x.buffer);
    // What each dimension is indexed by lies within the dimension, but it may do so modulo 2³² only.
    if (!x.indices.every((e) => analyzer.isExact(analyzer.linear(e)))) wrapping.add(b);
    const layout = textures.get(b);
    const indices = layout
      ? textureIndices(b, x.indices, layout, analyzer)
      : [analyzer.simplify(rowMajor(x.buffer.shape, x.indices))];
    return { ...x, buffer: b, indices };
  };
  const expr = rewriter((e) => e.kind === "load" ? flatten(e) : e);
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" ? flatten(x) : x;
  };
  return { ...draft, body: stmt(draft.body), wrapping, textures };
}

function rowMajor(shape: readonly Expr[], indices: readonly Expr[]): Expr {
  return indices.reduce<Expr>((flat, i, d) => add(mul(flat, shape[d] ?? 1), i), constant(0));
}

function textureIndices(
  b: Buffer,
  indices: readonly Expr[],
  layout: TextureLayout,
  analyzer: Analyzer,
): readonly Expr[] {
  if (layout.kind === "flat") {
    const element = rowMajor(b.shape, indices), width = 4 * layout.width;
    return [analyzer.simplify(floorDiv(element, width)), analyzer.simplify(floorMod(element, width))];
  }
  const { pack } = layout, last = b.shape.length - 1;
  const row = analyzer.simplify(rowMajor(b.shape.slice(0, last), indices.slice(0, last)));
  const column = indices[last] ?? constant(0);
  if (pack === 1) return [row, analyzer.simplify(column)];
  const width = mul(ceilDiv(b.shape[last] ?? 1, 4), 4);
  return [
    analyzer.simplify(floorDiv(row, pack)),
    analyzer.simplify(add(mul(floorMod(row, pack), width), column)),
  ];
}

function layoutOf(b: Buffer, { limits, name }: Target, copied: boolean): TextureLayout {
  const last = b.shape.length - 1;
  const columns = b.shape[last] ?? constant(1);
  const rows = elementsOf(b.shape.slice(0, last));
  const layout = (copied ? copiedTextureLayout : textureLayout)(
    rows,
    isConst(columns) ? columns.value : undefined,
    limits,
  );
  if (layout) return layout;
  throw new LimitError(
    isConst(columns)
      ? `cannot hold ${b.name} in a texture: ${rows} rows of ${columns.value} elements do not fit ` +
        `${limits.maxTextureSize} x ${limits.maxTextureSize} texels of four, the most that ${name} has; keep it in a buffer`
      : `cannot hold ${b.name} in a texture: its last dimension is symbolic, so its rows have no fixed width; keep it in a buffer`,
  );
}
