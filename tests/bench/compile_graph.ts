/** How long MobileNetV2's graph takes to its WGSL in a fresh process: the first time, and from the cache. */
import { rules } from "../../lib/dlight/schedule.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { median } from "../../lib/base/statistics.ts";
import { cpuTime } from "../../lib/runtime/platform.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Profile } from "../../lib/target/target.ts";
import { cacheFor } from "../../lib/tuning/compile_cache.ts";
import { cachedGraph } from "../../lib/tuning/cached.ts";
import { assembleGraph } from "../../lib/tuning/compile_graph.ts";
import { mobilenetV2 } from "../../lib/models/vision/mobilenet_v2.ts";

/** CPU milliseconds from a graph to its kernels, and how many these are. */
export function graphTime(
  profile: Profile,
  folder: string,
): { readonly ms: number; readonly launches: number } {
  const target = targetOf(profile), graph = mobilenetV2();
  const begin = cpuTime();
  const scheduled = cachedGraph(cacheFor(folder), graph, target, rules);
  const { executable } = assembleGraph(scheduled, target, {});
  return { ms: cpuTime() - begin, launches: executable.launches.length };
}

async function freshTime(profile: Profile, folder: string): Promise<ReturnType<typeof graphTime>> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", import.meta.filename as string, profile, folder],
  }).output();
  if (!success) throw new TunebookError(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** One line: medians of `runs` processes without an entry in the cache, and of as many with it. */
export async function graphLine(profile: Profile, runs: number): Promise<string> {
  const first: number[] = [], again: number[] = [];
  let launches = 0;
  for (let run = 0; run < runs; run++) {
    const folder = await Deno.makeTempDir();
    const made = await freshTime(profile, folder), found = await freshTime(profile, folder);
    first.push(made.ms);
    again.push(found.ms);
    launches = found.launches;
    await Deno.remove(folder, { recursive: true });
  }
  return `mobilenet_v2 as a graph for ${profile}, ${launches} kernels: ${
    median(first).toFixed(0)
  } ms of CPU time ` +
    `(it may take 3000), ${median(again).toFixed(0)} ms from the cache (it may take 500)`;
}

if (import.meta.main) {
  const [profile, folder] = Deno.args;
  console.log(JSON.stringify(graphTime(profile as Profile, folder as string)));
}
