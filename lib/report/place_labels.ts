/** Names beside points. */

export interface Pixel {
  readonly x: number;
  readonly y: number;
}
/** A point and its name; a point without one is only in the way. */
export interface Named extends Pixel {
  readonly text?: string;
}
/** Where a label begins, in the middle of its height, and the point that it names. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly to: Pixel;
  /** It stands too far off to be understood without a line to its point. */
  readonly far: boolean;
}
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Pixels of a letter at the labels' size of 11, of a line, and from a point's middle to its rim. */
const LETTER = 6, LINE = 13, POINT = 5;
/** How far from its point a label may stand, nearest first. */
const FAR = [0, 6, 14, 24, 36, 50, 66, 84, 104, 126, 150];
/** Right first, as one reads; y goes down. */
const WAYS = Array.from({ length: 16 }, (_, k) => {
  const angle = (k % 2 ? 1 : -1) * Math.ceil(k / 2) * Math.PI / 8;
  return { dx: Math.cos(angle), dy: Math.sin(angle) };
});

/**
 * A place for each name, as near to its point as can be: no label lies on another, on a point, or outside of the
 * `width` and `height` of the plot. A point that finds no place gets no label.
 */
export function placeLabels(points: readonly Named[], width: number, height: number): readonly Label[] {
  const taken: Box[] = points.map(({ x, y }) => ({
    left: x - POINT,
    right: x + POINT,
    top: y - POINT,
    bottom: y + POINT,
  }));
  const isFree = (b: Box) =>
    b.left >= 0 && b.right <= width && b.top >= 0 && b.bottom <= height &&
    !taken.some((t) => t.left < b.right && b.left < t.right && t.top < b.bottom && b.top < t.bottom);
  const place = ({ x, y, text }: Named): Label | undefined => {
    if (text === undefined) return undefined;
    const half = text.length * LETTER / 2;
    for (const far of FAR) {
      for (const { dx, dy } of WAYS) {
        const middle = x + dx * (half + POINT + 3 + far), at = y + dy * (LINE / 2 + POINT + 1 + far);
        const box = { left: middle - half, right: middle + half, top: at - LINE / 2, bottom: at + LINE / 2 };
        if (!isFree(box)) continue;
        taken.push(box);
        return { text, x: Math.round(box.left), y: Math.round(at), to: { x, y }, far: far > FAR[2]! };
      }
    }
    return undefined;
  };
  return points.map(place).filter((label) => label !== undefined);
}

/** Layers that draw labels, with a halo that keeps them readable on lines. */
export function labelLayers(labels: readonly Label[]): readonly object[] {
  const pixel = (field: string) => ({ field, type: "quantitative", scale: null });
  const values = labels.map(({ text, x, y, to, far }) => ({
    text,
    x,
    y,
    toX: Math.round(to.x),
    toY: Math.round(to.y),
    // A line ends at the label's nearer side.
    fromX: to.x > x + text.length * LETTER / 2 ? x + text.length * LETTER : x - 2,
    far,
  }));
  const mark = { type: "text", align: "left", baseline: "middle", fontSize: 11 };
  const encoding = { x: pixel("x"), y: pixel("y"), text: { field: "text" } };
  return [
    {
      data: { values: values.filter((v) => v.far) },
      mark: { type: "rule", color: "#777777", strokeWidth: 0.7 },
      encoding: { x: pixel("fromX"), x2: { field: "toX" }, y: pixel("y"), y2: { field: "toY" } },
    },
    { data: { values }, mark: { ...mark, stroke: "white", strokeWidth: 3, color: "white" }, encoding },
    { data: { values }, mark: { ...mark, color: "#222222" }, encoding },
  ];
}
