/** Names beside points. */

export interface Pixel {
  readonly x: number;
  readonly y: number;
}
/** A point and its name; a point without one is only in the way. */
export interface Named extends Pixel {
  readonly text?: string;
}
/** What a label must not lie on; y goes down. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
/** A name at a place: the middle of the side that is next to its point. */
export interface Label extends Pixel {
  readonly text: string;
  readonly align: "left" | "center" | "right";
  /** The point, where the label stands too far off to be understood without a line to it. */
  readonly to?: Pixel;
}

/** Pixels of a letter at the labels' size of 11, of a line, and from a point's middle to its rim. */
const LETTER = 6, LINE = 13, POINT = 6;
/** How far from its point a label may stand, nearest first; from `LEADER` on, a line leads to the point. */
const FAR = [0, 5, 11, 18, 26, 36, 48, 62, 78, 96, 116, 140], LEADER = 11;
/** Right first, as one reads, then left, then what is between. */
const WAYS = [0, 8, 1, 15, 7, 9, 2, 14, 6, 10, 3, 13, 5, 11, 4, 12].map((k) => ({
  dx: Math.cos(k * Math.PI / 8),
  dy: Math.sin(k * Math.PI / 8),
}));

/**
 * A place for each name, as near to its point as can be: no label lies on another, on a point, on what is `taken`, or
 * outside of the `width` and `height` of the plot. A point that finds no place gets no label.
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
        // Beside a point the near end is what counts, above and below it the middle.
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

/** Layers that draw labels, with a halo that keeps them readable on lines. */
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
