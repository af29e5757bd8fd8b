/** Places names beside points. */

/** A position, pixels; y goes down. */
export interface Pixel {
  /** Distance from the left. */
  readonly x: number;
  /** Distance from the top. */
  readonly y: number;
}
/** A point with its name. A point without a name gets no label, but labels avoid it. */
export interface Named extends Pixel {
  /** The name. */
  readonly text?: string;
}
/** An area that labels avoid, pixels; y goes down. */
export interface Box {
  /** Left edge. */
  readonly left: number;
  /** Right edge. */
  readonly right: number;
  /** Top edge. */
  readonly top: number;
  /** Bottom edge. */
  readonly bottom: number;
}
/** A placed name. Its position is the middle of the side next to its point. */
export interface Label extends Pixel {
  /** The name. */
  readonly text: string;
  /** The side of the text at the position. */
  readonly align: "left" | "center" | "right";
  /** The point, if the label is so far away that it needs a line to the point. */
  readonly to?: Pixel;
}

/** Width of a character at font size 11, height of a line, and radius of a point, pixels. */
const LETTER = 6, LINE = 13, POINT = 6;
/** Distances between a label and its point, nearest first. From `LEADER` on, a line leads to the point. */
const FAR = [0, 5, 11, 18, 26, 36, 48, 62, 78, 96, 116, 140], LEADER = 11;
/** Directions from the point: right first, then left, then those between. */
const WAYS = [0, 8, 1, 15, 7, 9, 2, 14, 6, 10, 3, 13, 5, 11, 4, 12].map((k) => ({
  dx: Math.cos(k * Math.PI / 8),
  dy: Math.sin(k * Math.PI / 8),
}));

/**
 * Places each name as near to its point as possible. No label lies on another label, on a point, on a `taken` box, or
 * outside of the plot's `width` and `height`. A point without a free place gets no label.
 */
export function placeLabels(
  points: readonly Named[],
  { width, height, taken = [] }: {
    readonly width: number;
    readonly height: number;
    readonly taken?: readonly Box[];
  },
): readonly Label[] {
  const boxes: Box[] = [
    ...taken,
    ...points.map(({ x, y }) => ({ left: x - POINT, right: x + POINT, top: y - POINT, bottom: y + POINT })),
  ];
  const isFree = (b: Box) =>
    b.left >= 0 && b.right <= width && b.top >= 0 && b.bottom <= height &&
    !boxes.some((t) => t.left < b.right && b.left < t.right && t.top < b.bottom && b.top < t.bottom);
  const place = ({ x, y, text }: Named): Label | undefined => {
    if (text === undefined) return undefined;
    const length = text.length * LETTER;
    for (const far of FAR) {
      for (const { dx, dy } of WAYS) {
        // A label beside its point starts or ends there; one above or below it is centred.
        const align = Math.abs(dx) < 0.2 ? "center" : dx > 0 ? "left" : "right";
        const at = { x: x + dx * (POINT + 3 + far), y: y + dy * (POINT + LINE / 2 + 1 + far) };
        const left = align === "left" ? at.x : align === "right" ? at.x - length : at.x - length / 2;
        const box = { left, right: left + length, top: at.y - LINE / 2, bottom: at.y + LINE / 2 };
        if (!isFree(box)) continue;
        boxes.push(box);
        const near = { text, align, x: Math.round(at.x), y: Math.round(at.y) } as const;
        return far < LEADER ? near : { ...near, to: { x: Math.round(x), y: Math.round(y) } };
      }
    }
    return undefined;
  };
  return points.map(place).filter((label) => label !== undefined);
}

/** Makes the layers that draw labels, with a halo that keeps them readable on lines. */
export function labelLayers(labels: readonly Label[]): readonly object[] {
  const pixel = (field: string) => ({ field, type: "quantitative", scale: null });
  const led = labels.flatMap(({ x, y, align, to }) =>
    to ? [{ x, y: align === "center" ? y + Math.sign(to.y - y) * LINE / 2 : y, toX: to.x, toY: to.y }] : []
  );
  const aligned = [...Map.groupBy(labels, (l) => l.align)].flatMap(([align, own]) => {
    const data = { values: own.map(({ text, x, y }) => ({ text, x, y })) };
    const mark = { type: "text", align, baseline: "middle", fontSize: 11 };
    const encoding = { x: pixel("x"), y: pixel("y"), text: { field: "text" } };
    return [
      { data, mark: { ...mark, color: "white", stroke: "white", strokeWidth: 3 }, encoding },
      { data, mark: { ...mark, color: "#222222" }, encoding },
    ];
  });
  const leaders = {
    data: { values: led },
    mark: { type: "rule", color: "#777777", strokeWidth: 0.7 },
    encoding: { x: pixel("x"), x2: { field: "toX" }, y: pixel("y"), y2: { field: "toY" } },
  };
  return [...(led.length > 0 ? [leaders] : []), ...aligned];
}
