/** What is true of every chart: each has a golden, and here all of them are compiled and drawn. */
import { assert, assertEquals } from "@std/assert";
import { compile, type TopLevelSpec } from "vega-lite";
import { svgOf } from "../../lib/charts/picture.ts";

const goldens = new URL("../goldens/charts/", import.meta.url);

/** What Vega-Lite complains of, in a specification. */
function complaintsOf(spec: TopLevelSpec): readonly string[] {
  const heard: string[] = [];
  const listen = (...words: readonly unknown[]) => (heard.push(words.join(" ")), logger);
  const logger: NonNullable<NonNullable<Parameters<typeof compile>[1]>["logger"]> = {
    level: (() => logger) as never,
    error: listen,
    warn: listen,
    info: () => logger,
    debug: () => logger,
  };
  compile(spec, { logger });
  return heard;
}

for (const { name } of Deno.readDirSync(goldens)) {
  if (!name.endsWith(".json")) continue;
  Deno.test(`${name} is a specification that Vega-Lite takes as it is, titled, and drawn without a hole`, async () => {
    const text = await Deno.readTextFile(new URL(name, goldens));
    assertEquals(complaintsOf(JSON.parse(text)), []);
    const spec = JSON.parse(text) as { readonly title?: { readonly text?: string } };
    assert(spec.title?.text);
    const svg = await svgOf(spec as never);
    for (const hole of ["NaN", "undefined", "Infinity"]) assertEquals(svg.includes(hole), false, hole);
    assert(svg.includes(`>${spec.title.text}</text>`));
  });
}
