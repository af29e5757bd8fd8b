/** From the detector's map to boxes of text: the post-processing of differentiable binarization (DB). */
import type { Box } from "./picture.ts";

/** A map of how likely each pixel belongs to text. */
export interface TextMap {
  readonly width: number;
  readonly height: number;
  readonly likely: ArrayLike<number>;
}

/** A pixel belongs to text from here on; PP-OCR's own numbers. */
const PIXEL = 0.3;
/** The least mean of a box. */
const BOX = 0.6;
/** Boxes grow by their area over their perimeter, so many times: the network is trained on shrunken ones. */
const UNCLIP = 1.5;
/** Smaller boxes are noise. */
const LEAST = 3;

/** Finds the upright boxes of text in a map, from top to bottom and from left to right. */
export function textBoxes(map: TextMap): readonly Box[] {
  return components(map)
    .filter((box) => Math.min(box.right - box.left, box.bottom - box.top) >= LEAST)
    .filter((box) => meanOf(map, box) >= BOX)
    .map((box) => unclipped(map, box))
    .toSorted((a, b) => inOneLine(a, b) ? a.left - b.left : a.top - b.top);
}

/** The rectangles around the pixels of text that touch one another, along edges or corners. */
function components({ width, height, likely }: TextMap): readonly Box[] {
  const seen = new Uint8Array(width * height), boxes: Box[] = [];
  const isText = (k: number) => seen[k] === 0 && (likely[k] as number) > PIXEL;
  for (let start = 0; start < seen.length; start++) {
    if (!isText(start)) continue;
    let left = width, right = 0, top = height, bottom = 0;
    const open = [start];
    seen[start] = 1;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const x = at % width, y = Math.floor(at / width);
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, height - 1); j++) {
        for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, width - 1); i++) {
          const next = j * width + i;
          if (!isText(next)) continue;
          seen[next] = 1;
          open.push(next);
        }
      }
    }
    boxes.push({ left, top, right, bottom });
  }
  return boxes;
}

function meanOf({ width, likely }: TextMap, { left, top, right, bottom }: Box): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) sum += likely[y * width + x] as number;
  }
  return sum / ((right - left) * (bottom - top));
}

function unclipped(map: TextMap, { left, top, right, bottom }: Box): Box {
  const w = right - left, h = bottom - top, by = Math.round(w * h * UNCLIP / (2 * (w + h)));
  return {
    left: Math.max(left - by, 0),
    top: Math.max(top - by, 0),
    right: Math.min(right + by, map.width),
    bottom: Math.min(bottom + by, map.height),
  };
}

/** Two boxes are in one line of text where each one's middle lies between the other's edges. */
function inOneLine(a: Box, b: Box): boolean {
  const middle = (box: Box) => (box.top + box.bottom) / 2;
  const within = (y: number, box: Box) => y > box.top && y < box.bottom;
  return within(middle(a), b) && within(middle(b), a);
}
