/** Constraints of the tiles of a matrix product. */
import type { Factors, Knobs } from "../../../space/knobs.ts";
import type { Target } from "../../../target/target.ts";
import { constExtent } from "../../analysis.ts";
import { type Path, presetsOf, type WeightLayout } from "../../presets.ts";
import { tooLarge, tooMany } from "../../steps/operand_paths.ts";
import type { MatmulMatch } from "./match.ts";

type Tile = Factors[3];
/** Padding of rows in workgroup memory beyond multiples of `BANKS` elements, so that rows start in different banks. */
export const PADS = [0, 1, 4] as const;
export const BANKS = 8;

/** Elements from a row of `width` in workgroup memory to the next. */
function strideOf(width: number, pad: number): number {
  return pad === 0 ? width : width + (pad - width % BANKS + BANKS) % BANKS;
}

/** Rows that a copy by `threads` elements at a time has room for: the last time may reach past the tile. */
function copiedRows(rows: number, width: number, threads: number): number {
  return Math.ceil(Math.ceil(rows * width / threads) * threads / width);
}

/** Whether neighbours in memory of B, laid out so, are neighbours along j. */
export function jIsLast(m: MatmulMatch, layout: WeightLayout): boolean {
  return layout === "given" ? m.jIsLast : layout === "packed" || !m.jIsLast;
}

/** Declares the constraints of a matrix product's tiles. */
export function requireTiles(knobs: Knobs, target: Target, m: MatmulMatch): void {
  const k = constExtent(m.k.extent) ?? Infinity;
  const { maxSharedBytes } = target.limits;
  const { products } = presetsOf(target);
  knobs.require(["tile_i", "tile_j"], ([, ti]: Tile, [, tj]: Tile) => tooMany(target, ti, tj));
  knobs.require(
    ["b_layout", "b_path"],
    (layout: WeightLayout, path: Path) =>
      layout !== "given" && path === "texture"
        ? "a texture holds its matrix as it is given: lay it out in another path"
        : undefined,
  );
  knobs.require(
    ["tile_i", "tile_j"],
    ([, , ii]: Tile, [, , jj]: Tile) =>
      tooLarge(ii * jj, 256, `${ii} x ${jj} results per thread`, "do not stay in registers"),
  );
  knobs.require(
    ["tile_i", "tile_j", "tile_k"],
    ([, , ii]: Tile, [, , jj]: Tile, [, kk]: Factors[2]) =>
      tooLarge(ii * jj * kk, products, `${ii} x ${jj} x ${kk} products unrolled`, "take too long to compile"),
  );
  knobs.require(
    [
      "tile_i",
      "tile_j",
      "tile_k",
      "a_path",
      "b_path",
      "b_layout",
      "vectorize",
      "pad",
      "double_buffer",
      "k_major",
    ],
    (
      [, ti, ii]: Tile,
      [, tj, jj]: Tile,
      [, kk]: Factors[2],
      aPath: Path,
      bPath: Path,
      layout: WeightLayout,
      vectors: boolean,
      pad: number,
      twice: boolean,
      kMajor: boolean,
    ) => {
      const elements = (rows: number, width: number) =>
        copiedRows(rows, width, ti * tj * (vectors && width % 4 === 0 ? 4 : 1)) * strideOf(width, pad);
      const stored = (across: number, kIsLast: boolean) =>
        kIsLast && !kMajor ? elements(across, kk) : elements(kk, across);
      const b = layout === "packed" ? elements(tj * jj / 4, 4 * kk) : stored(tj * jj, !jIsLast(m, layout));
      const once = (aPath === "shared" ? stored(ti * ii, m.kIsLast) : 0) + (bPath === "shared" ? b : 0);
      const shared = twice ? 2 * once : once;
      return shared * 4 > maxSharedBytes
        ? `${shared} elements of workgroup memory: the device has ${maxSharedBytes} bytes`
        : undefined;
    },
  );
  knobs.require(
    ["a_path", "b_path", "pad", "double_buffer"],
    (aPath: Path, bPath: Path, pad: number, twice: boolean) =>
      aPath !== "shared" && bPath !== "shared" && (pad > 0 || twice)
        ? "nothing lies in workgroup memory that could be padded or kept twice"
        : undefined,
  );
  knobs.require(
    ["b_layout", "b_path", "vectorize", "pad"],
    (layout: WeightLayout, path: Path, vectors: boolean, pad: number) =>
      pad % 4 !== 0 && (vectors || (layout === "packed" && path === "shared"))
        ? `rows of whole vectors are not ${pad} further apart`
        : undefined,
  );
  knobs.require(
    ["a_path", "b_path", "b_layout", "k_major", "tile_k"],
    (aPath: Path, bPath: Path, layout: WeightLayout, kMajor: boolean, [, kk]: Factors[2]) =>
      kMajor &&
        (kk < 2 || !((aPath === "shared" && m.kIsLast) || (bPath === "shared" && !jIsLast(m, layout))))
        ? "nothing in workgroup memory has neighbours along k that could be transposed"
        : undefined,
  );
  knobs.require(
    ["tile_i", "tile_j", "vectorize", "virtual_i", "virtual_j"],
    ([, , ii]: Tile, [, , jj]: Tile, vectors: boolean, vi: number, vj: number) =>
      ii % vi !== 0 || jj % (vj > 1 && vectors && jj % 4 === 0 ? 4 * vj : vj) !== 0
        ? `${ii} x ${jj} results, vectors whole, are not ${vi} x ${vj} equal parts`
        : undefined,
  );
  knobs.require(
    ["tile_k", "split_k"],
    ([, kk]: Factors[2], parts: number) =>
      parts > 1 && parts * Math.max(2, kk) > k
        ? `${parts} parts of a reduction over ${k}, ${kk} at a time: some would have nothing to reduce`
        : undefined,
  );
}
