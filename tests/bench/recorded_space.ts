/** The recorded spaces that benchmarks and tests simulate searches on. */
import { fileURLToPath } from "node:url";
import { readSpace, type RecordedSpace } from "../../lib/records/recorded_space.ts";

const DATA = new URL("../../notebooks/data/", import.meta.url);

/** Every recorded space of notebooks/data, by the name in `space_NAME_PROFILE.arrows`. */
export async function recordedSpaces(profile = "llvmpipe"): Promise<ReadonlyMap<string, RecordedSpace>> {
  const found = new Map<string, RecordedSpace>();
  for await (const { name } of Deno.readDir(DATA)) {
    const match = /^space_(.+)_([^_]+)\.arrows$/.exec(name);
    if (match?.[2] === profile) {
      found.set(match[1] as string, await readSpace(fileURLToPath(new URL(name, DATA))));
    }
  }
  return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1));
}
