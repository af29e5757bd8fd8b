/** Lays out a directed graph without cycles in layers, from the top down (after Sugiyama). */

/** A box to lay out. */
export interface LaidBox {
  /** Its name, distinct. */
  readonly name: string;
  /** Its size, pixels. */
  readonly width: number;
  readonly height: number;
  /** The boxes that it reads, by name; those that aren't there are left out. */
  readonly inputs: readonly string[];
}

/** Where a box lies: its upper left corner, pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A line between two boxes, bent where it passes other layers. */
export type Line = readonly Place[];

/** A laid out graph. */
export interface Layered {
  readonly places: ReadonlyMap<string, Place>;
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/** Pixels between neighbours in a layer, and width of the lane of a line that passes a layer. */
const GAP = 10, LANE = 8;

/** What lies in a layer: a box, or a line that passes. */
interface Item {
  readonly box: LaidBox | undefined;
  readonly width: number;
  readonly above: Item[];
  x: number;
}

/** Lays out boxes, each listed after those that it reads. `between` is the distance of layers, pixels. */
export function layered(boxes: readonly LaidBox[], between: number): Layered {
  const depth = new Map<string, number>(), items = new Map<string, Item>();
  const layers: Item[][] = [];
  const lines: (readonly Item[])[] = [];
  for (const box of boxes) {
    const read = [...new Set(box.inputs)].filter((name) => depth.has(name));
    const at = 1 + Math.max(-1, ...read.map((name) => depth.get(name) as number));
    const item: Item = { box, width: box.width, above: [], x: 0 };
    while (layers.length <= at) layers.push([]);
    for (const name of read) {
      let last = items.get(name) as Item;
      const line = [last];
      for (let layer = (depth.get(name) as number) + 1; layer < at; layer++) {
        const lane: Item = { box: undefined, width: LANE, above: [last], x: 0 };
        layers[layer]?.push(lane);
        line.push(last = lane);
      }
      item.above.push(last);
      lines.push([...line, item]);
    }
    layers[at]?.push(item);
    depth.set(box.name, at);
    items.set(box.name, item);
  }
  for (const layer of layers) arrange(layer);
  const all = layers.flat(), left = Math.min(0, ...all.map((i) => i.x));
  for (const item of all) item.x -= left;
  const heights = layers.map((layer) => Math.max(0, ...layer.map((i) => i.box?.height ?? 0)));
  const tops = heights.map((_, k) => heights.slice(0, k).reduce((y, h) => y + h + between, 0));
  const yOf = new Map(layers.flatMap((layer, k) => layer.map((i) => [i, tops[k] as number] as const)));
  const heightOf = new Map(
    layers.flatMap((layer, k) => layer.map((i) => [i, heights[k] as number] as const)),
  );
  const middle = (i: Item) => i.x + i.width / 2;
  return {
    places: new Map([...items].map(([name, i]) => [name, { x: i.x, y: yOf.get(i) as number }])),
    lines: lines.map((line) =>
      line.flatMap((i, k) => {
        const top = { x: middle(i), y: yOf.get(i) as number };
        const height = k === 0 ? i.box?.height ?? 0 : heightOf.get(i) as number;
        const bottom = { x: middle(i), y: top.y + height };
        return k === 0 ? [bottom] : i.box ? [top] : [top, bottom];
      })
    ),
    width: Math.max(0, ...all.map((i) => i.x + i.width)),
    height: (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0),
  };
}

/** Puts the items of a layer below what they read, side by side and in that order. */
function arrange(layer: Item[]): void {
  const wanted = (i: Item) =>
    i.above.length === 0 ? i.width / 2 : i.above.reduce((x, a) => x + a.x + a.width / 2, 0) / i.above.length;
  const want = new Map(layer.map((i) => [i, wanted(i)]));
  // Of two that want one place, a box is left of a line that passes.
  layer.sort((a, b) => (want.get(a) as number) - (want.get(b) as number) || Number(!a.box) - Number(!b.box));
  let right = -Infinity;
  for (const i of layer) {
    i.x = Math.max((want.get(i) as number) - i.width / 2, right);
    right = i.x + i.width + GAP;
  }
}
