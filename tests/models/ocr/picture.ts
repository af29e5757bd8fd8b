/** Pictures of text: cut, scaled, turned, and as what the networks take. */

/** A picture of red, green, blue and alpha, a byte each, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A rectangle of a picture, in its pixels; `right` and `bottom` lie outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** How the bytes of a channel become floats: `(byte / 255 - mean) / deviation`, for red, green and blue. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/**
 * Scales a rectangle of a picture with bilinear weights, and writes it as blue, green and red planes: PP-OCR was trained on
 * pictures in this order.
 *
 * @param width the columns of the result
 * @param wide the columns of the planes, at least `width`: the others are 0
 * @returns the elements of [1, 3, height, wide]
 */
export function planesOf(
  picture: Picture,
  box: Box,
  { width, height, wide = width }: {
    readonly width: number;
    readonly height: number;
    readonly wide?: number;
  },
  { mean, deviation }: Normalization,
): Float32Array<ArrayBuffer> {
  const planes = new Float32Array(3 * height * wide);
  const columns = stepsOf(box.left, box.right, width, picture.width);
  const rows = stepsOf(box.top, box.bottom, height, picture.height);
  for (let c = 0; c < 3; c++) {
    const channel = 2 - c, m = mean[channel] as number, d = deviation[channel] as number;
    const at = (x: number, y: number) => picture.pixels[4 * (y * picture.width + x) + channel] as number;
    rows.forEach((row, y) =>
      columns.forEach((column, x) => {
        const above = at(column.first, row.first) * (1 - column.share) +
          at(column.next, row.first) * column.share;
        const below = at(column.first, row.next) * (1 - column.share) +
          at(column.next, row.next) * column.share;
        const byte = above * (1 - row.share) + below * row.share;
        planes[(c * height + y) * wide + x] = (byte / 255 - m) / d;
      })
    );
  }
  return planes;
}

/** Where each pixel of a scaled line comes from: two pixels, and the share of the second. */
function stepsOf(begin: number, end: number, count: number, size: number) {
  return Array.from({ length: count }, (_, k) => {
    const at = Math.min(Math.max(begin + (k + 0.5) * (end - begin) / count - 0.5, 0), size - 1);
    const first = Math.floor(at);
    return { first, next: Math.min(first + 1, size - 1), share: at - first };
  });
}

/** Turns a picture by 180 degrees. */
export function halfTurned({ width, height, pixels }: Picture): Picture {
  const count = width * height, turned = new Uint8Array(pixels.length);
  for (let k = 0; k < count; k++) turned.set(pixels.subarray(4 * k, 4 * k + 4), 4 * (count - 1 - k));
  return { width, height, pixels: turned };
}

/** Cuts a rectangle out of a picture. */
export function cut(picture: Picture, { left, top, right, bottom }: Box): Picture {
  const width = right - left, height = bottom - top, pixels = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * ((top + y) * picture.width + left);
    pixels.set(picture.pixels.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { width, height, pixels };
}
