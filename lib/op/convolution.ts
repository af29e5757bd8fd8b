/** Convolutions in any number of spatial dimensions, in the layout [n, c, …]. */
import { cast, constant, eq, floorDiv, floorMod, mul, sub } from "../ir/build.ts";
import { type AnyFields, checkOptions } from "../base/check_options.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import type { ReduceAxis, Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkShape, checkTensors, checkTypes, constantExtent, shapeOfRank } from "./check_tensors.ts";
import { checkGroups } from "./conv2d.ts";
import { withEpilogue } from "./epilogue.ts";
import { minus, plus, times } from "./extents.ts";
import {
  type Along,
  countAlong,
  paddedExtent,
  placed,
  type SpatialOptions,
  unpadded,
  windowsAlong,
} from "./spatial.ts";
import { halves } from "./slide.ts";

/** The names of the spatial dimensions. */
function names(rank: number, prefix = ""): readonly string[] {
  return ["d", "h", "w"].slice(-rank).map((d) => prefix + d);
}

/** Images and filters whose channels fit. */
interface Operands {
  readonly sizes: readonly Expr[];
  readonly kernel: readonly number[];
  readonly channels: number;
  readonly filters: number;
}

/**
 * Reads the shapes of images A[n, c, …] and filters W, which are [f, c/groups, …], or [c, f/groups, …] of a transposed
 * convolution.
 *
 * @throws {TeError} for tensors that don't fit together
 */
function operandsOf(
  operator: string,
  rank: number,
  A: Tensor,
  W: Tensor,
  groups: number,
  transposed: boolean,
): Operands {
  checkTypes(operator, { A, W }, "f32", "f16");
  const sizes = shapeOfRank(operator, "A", A, rank + 2, `[n, c, ${names(rank).join(", ")}]`).slice(2);
  const first = transposed ? "c, f/groups" : "f, c/groups", window = names(rank, "k");
  shapeOfRank(operator, "W", W, rank + 2, `[${first}, ${window.join(", ")}]`);
  const channels = constantExtent(operator, "A", A, 1);
  const [outer, inner, ...kernel] = W.shape.map((_, d) => constantExtent(operator, "W", W, d));
  const filters = transposed ? (inner as number) * groups : outer as number;
  checkGroups(operator, groups, channels, filters);
  const wanted = transposed ? [constant(channels), "f/groups"] : ["f", constant(channels / groups)];
  checkShape(
    operator,
    "W",
    W,
    [...wanted, ...window],
    `to match A's ${channels} channels in ${groups} ${groups === 1 ? "group" : "groups"}`,
  );
  return { sizes, kernel, channels, filters };
}

/**
 * Sums products of windows and filters: `C[n, f, y…] = Σ_{c, i…} source[n, c, y·stride + i·dilation…]·W`, in f32.
 *
 * @param filter gives an element of W by the filter, its group, the channel in the group and the position in the window
 * @param backwards windows begin at their last element
 */
function summed(
  operator: string,
  source: Tensor,
  out: readonly Expr[],
  along: readonly Along[],
  { channels, filters }: Operands,
  dtype: Tensor["dtype"],
  options: SpatialOptions,
  filter: (f: Expr, group: Expr, inGroup: Expr, at: readonly Expr[]) => Expr,
  backwards = false,
): Tensor {
  const { groups = 1, name = "C" } = options, own = channels / groups;
  const c = own > 1 ? reduceAxis(own, "c") : undefined;
  const window = along.map((w, d) => reduceAxis(w.kernel, "ijk".charAt(d)));
  const product = (...at: readonly Var[]): Expr => {
    const [n, f, ...place] = at as readonly [Var, Var, ...Var[]];
    const inGroup = c?.var ?? constant(0);
    const group = groups === 1 ? constant(0) : floorDiv(f, filters / groups);
    const position = along.map((w, d) => {
      const start = times(place[d] as Var, w.stride), step = times((window[d] as ReduceAxis).var, w.dilation);
      return backwards ? sub(plus(start, w.reach - 1), step) : plus(start, step);
    });
    const a = source.at(n, plus(times(group, own), inGroup), ...position);
    return mul(cast("f32", a), cast("f32", filter(f, group, inGroup, window.map((k) => k.var))));
  };
  return withEpilogue(
    { operator, name, shape: [source.shape[0] as Expr, constant(filters), ...out], dtype, channel: 1 },
    (...at) => sum(product(...at), [...(c ? [c] : []), ...window]),
    options,
  );
}

/**
 * Convolves images in any number of dimensions.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, groups that don't divide channels and filters, or a window that
 * doesn't fit
 */
export function convolution(
  operator: string,
  rank: number,
  A: Tensor,
  W: Tensor,
  options: SpatialOptions,
  fields: AnyFields,
): Tensor {
  checkTensors(operator, { A, W });
  checkOptions(`op.${operator}`, options, fields);
  const operands = operandsOf(operator, rank, A, W, options.groups ?? 1, false);
  const along = windowsAlong(operator, operands.sizes, operands.kernel, options);
  const counts = along.map((w) => countAlong(operator, w)), requires = counts.flatMap((c) => c.requires);
  const bare = requires.length === 0 && along.every((w) => w.sides[0] === 0 && w.sides[1] === 0);
  const source = bare
    ? A
    : placed("padded", A, along.map(paddedExtent), (i, d) => unpadded(along[d] as Along, i), requires);
  const out = counts.map((c) => c.extent);
  return summed(operator, source, out, along, operands, A.dtype, options, (f, _, c, at) => W.at(f, c, ...at));
}

/** What a transposed convolution has beyond the options of a convolution. */
export interface TransposedOptions extends SpatialOptions {
  /** The elements that are added after each dimension of the result, below its stride or dilation. Default: 0. */
  readonly outputPadding?: number | readonly number[];
}

/**
 * Convolves images with windows whose stride is the distance of the elements of A: the transpose of a convolution, which
 * gathers for each element of the result what would be scattered to it.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, groups that don't divide channels and filters, padding that leaves
 * no element, or output padding that is not below stride or dilation
 */
export function transposedConvolution(
  operator: string,
  rank: number,
  A: Tensor,
  W: Tensor,
  options: TransposedOptions,
  fields: AnyFields,
): Tensor {
  checkTensors(operator, { A, W });
  checkOptions(`op.${operator}`, options, fields);
  const { groups = 1, outputPadding = 0 } = options;
  const operands = operandsOf(operator, rank, A, W, groups, true);
  const dims = transposedAlong(operator, operands, options, outputPadding);
  const source = placed(
    "spread",
    A,
    dims.map(({ w, out }) => plus(out, w.reach - 1)),
    (i, d) => {
      const { w, before } = dims[d] as typeof dims[number], place = minus(i, w.reach - 1 - before);
      return w.stride === 1
        ? { index: place }
        : { index: floorDiv(place, w.stride), exists: eq(floorMod(place, w.stride), 0) };
    },
    dims.flatMap((d) => d.requires),
  );
  const each = operands.filters / groups, own = operands.channels / groups;
  return summed(
    operator,
    source,
    dims.map((d) => d.out),
    dims.map(({ w }) => ({ ...w, stride: 1 })),
    operands,
    A.dtype,
    options,
    (f, group, c, at) =>
      W.at(
        plus(times(group, own), c),
        groups === 1 ? f : floorMod(f, each),
        ...at,
      ),
    true,
  );
}

function transposedAlong(
  operator: string,
  { sizes, kernel }: Operands,
  options: SpatialOptions,
  outputPadding: number | readonly number[],
) {
  const { padding = 0 } = options, same = typeof padding === "string";
  return windowsAlong(operator, sizes, kernel, same ? { ...options, padding: 0 } : options).map((w, d) => {
    const added = typeof outputPadding === "number" ? outputPadding : outputPadding[d] as number;
    if (added >= Math.max(w.stride, w.dilation)) {
      throw new TeError(
        `expected outputPadding below stride ${w.stride} or dilation ${w.dilation}, got ${added}, in ${operator}`,
      );
    }
    // Padding same leaves size · stride elements.
    const all = Math.max(0, w.reach + added - w.stride);
    const [before, after] = same ? halves(padding, all) : w.sides;
    const more = w.reach + added - before - after - w.stride;
    const out = plus(times(w.size, w.stride), more);
    if (out.kind === "const" && out.value < 1) {
      throw new TeError(
        `expected padding that leaves an element, got ${before} and ${after} of ${
          out.value + before + after
        }, in ` +
          operator,
      );
    }
    const because = `the padding of ${operator} leaves an element`;
    const requires = out.kind === "const" || more > -w.stride
      ? []
      : [{ value: constant(1), atMost: out, because }];
    return { w, before, out, requires };
  });
}
