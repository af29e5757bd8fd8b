/** Compiled programs in a folder: what is taken from it, what is made again, who may use it, and how large it grows. */
import { assert, assertEquals, assertNotStrictEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules } from "../../lib/dlight/schedule.ts";
import { graph } from "../../lib/relax/builder.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { build } from "../../lib/tuning/build.ts";
import { cachedByRule, cachedGraph } from "../../lib/tuning/cached.ts";
import { CacheError, openCacheFolder } from "../../lib/tuning/cache_folder.ts";
import { CompileCache } from "../../lib/tuning/compile_cache.ts";
import { assembleGraph } from "../../lib/tuning/compile_graph.ts";
import { StageClock } from "../../lib/tuning/stage_clock.ts";
import * as te from "../../lib/face/te.ts";
import { countWork } from "../count_work.ts";
import { devices } from "../devices.ts";
import { mobilenetV2 } from "../../lib/models/vision/mobilenet_v2.ts";

const target = targetOf("llvmpipe");
const unix = Deno.build.os !== "windows";

function inFolder(act: (folder: string) => unknown): () => Promise<void> {
  return async () => {
    const parent = await Deno.makeTempDir();
    try {
      await act(join(parent, "compiled"));
    } finally {
      await Deno.remove(parent, { recursive: true });
    }
  };
}

function cacheIn(folder: string, limits: ConstructorParameters<typeof CompileCache>[2] = {}): CompileCache {
  openCacheFolder(folder);
  return new CompileCache(folder, "this compiler", { worthMs: 0, ...limits });
}

const mlp = () =>
  graph("mlp", (b) => {
    const h = b.gelu(b.linear(b.input("x", ["n", 64]), b.weight("w", [32, 64])));
    return { y: b.softmax(b.mul(h, b.constant("two", new Float32Array([2]), [1]))) };
  });

Deno.test(
  "a model's graph comes from the cache as it was compiled, and nothing is scheduled or lowered",
  inFolder(async (folder) => {
    const g = mobilenetV2();
    const made = assembleGraph(cachedGraph(cacheIn(folder), g, target, rules), target, {});
    let found: typeof made | undefined;
    const work = await countWork(() => {
      found = assembleGraph(cachedGraph(cacheIn(folder), mobilenetV2(), target, rules), target, {});
    });
    assertEquals(found?.executable, made.executable);
    assertEquals(String(found?.graph), String(made.graph));
    assertEquals(found?.unfused, made.unfused);
    assert(made.unfused.length > made.functions.length && made.unfused.every((c) => c.group !== ""));
    assertEquals(
      found?.functions.map((f) => [f.rule, f.because]),
      made.functions.map((f) => [f.rule, f.because]),
    );
    assertEquals([work.lower ?? 0, work.dlight ?? 0, work.schedule ?? 0], [0, 0, 0]);
  }),
);

Deno.test(
  "a program, a target and rules of their own have entries of their own",
  inFolder(async (folder) => {
    const cache = cacheIn(folder), clock = new StageClock();
    const of = (m: number, t = target, among = rules) =>
      cachedByRule(cache, te.matmul({ m, n: 16, k: 16 }), t, among, clock);
    const first = of(16);
    const work = await countWork(() => assertEquals(of(16), first));
    assertEquals(work.lower ?? 0, 0);
    assertNotStrictEquals(of(16), first);
    of(32);
    of(16, { ...target, f16: !target.f16 });
    of(16, target, [fallback]);
    new CompileCache(folder, "another compiler", { worthMs: 0 }).remember(() => [], {
      make: () => [],
      write: () => [],
      read: () => [],
    });
    assertEquals([...Deno.readDirSync(folder)].length, 5);
  }),
);

Deno.test(
  "a damaged entry is compiled again, wherever the damage is",
  inFolder((folder) => {
    const clock = new StageClock(), func = te.matmul({ m: 16, n: 16, k: 16 });
    const made = cachedByRule(cacheIn(folder), func, target, rules, clock);
    const [entry] = [...Deno.readDirSync(folder)];
    const path = join(folder, entry?.name ?? ""), whole = Deno.readFileSync(path);
    const damages = [0, whole.length >> 1, whole.length - 1].map((at) =>
      whole.with(at, (whole[at] ?? 0) ^ 1)
    );
    for (const damaged of [new Uint8Array(), whole.slice(0, -20), ...damages]) {
      Deno.writeFileSync(path, damaged);
      assertEquals(cachedByRule(cacheIn(folder), func, target, rules, clock), made);
      assertEquals(Deno.readFileSync(path), whole);
    }
  }),
);

Deno.test(
  "the oldest entries go where all together are too large",
  inFolder((folder) => {
    const cache = cacheIn(folder, { most: 10_000, kept: 5_000, lookEvery: 0 });
    const remember = (k: number) =>
      cache.remember(() => k, {
        make: () => ["x".repeat(1000)],
        write: (made) => made,
        read: (json) => json as string[],
      });
    for (let k = 0; k < 30; k++) {
      remember(k);
      // The first stays in use: it is never the oldest.
      remember(0);
    }
    const bytes = [...Deno.readDirSync(folder)].reduce(
      (n, e) => n + Deno.statSync(join(folder, e.name)).size,
      0,
    );
    assert(bytes <= 10_000, `${bytes}`);
  }),
);

Deno.test(
  "processes that write one entry at the same time leave it whole",
  inFolder(async (folder) => {
    const script = `
      import { CompileCache } from ${
      JSON.stringify(new URL("../../lib/tuning/compile_cache.ts", import.meta.url).href)
    };
      import { openCacheFolder } from ${
      JSON.stringify(new URL("../../lib/tuning/cache_folder.ts", import.meta.url).href)
    };
      openCacheFolder(Deno.args[0]);
      const cache = new CompileCache(Deno.args[0], "c", { worthMs: 0, most: 40000, kept: 20000, lookEvery: 0 });
      let wrong = 0;
      for (let n = 0; n < 300; n++) {
        const k = n % 7;
        const value = [String(k).repeat(9000)];
        const got = cache.remember(() => k, { make: () => value, write: (v) => v, read: (json) => json });
        if (got[0] !== value[0]) wrong++;
      }
      console.log(wrong);`;
    const runs = Array.from({ length: 2 }, () =>
      new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-config", "--quiet", script, folder],
        stderr: "inherit",
      }).output());
    for (const { stdout } of await Promise.all(runs)) {
      assertEquals(new TextDecoder().decode(stdout).trim(), "0");
    }
    assert([...Deno.readDirSync(folder)].every((e) => e.name.endsWith(".json")));
  }),
);

Deno.test({
  name: "the folder is its owner's alone, and others' folders are refused",
  ignore: !unix,
  fn: inFolder((folder) => {
    const cache = cacheIn(folder);
    cachedByRule(cache, te.matmul({ m: 16, n: 16, k: 16 }), target, rules, new StageClock());
    const [entry] = [...Deno.readDirSync(folder)];
    assertEquals((Deno.statSync(folder).mode ?? 0) & 0o777, 0o700);
    assertEquals((Deno.statSync(join(folder, entry?.name ?? "")).mode ?? 0) & 0o777, 0o600);
    Deno.chmodSync(folder, 0o777);
    assertThrows(() => openCacheFolder(folder), CacheError, "got one that others may write (mode 777)");
    const link = `${folder}.link`;
    Deno.symlinkSync(folder, link);
    assertThrows(() => openCacheFolder(link), CacheError, "got a file or a link");
    Deno.writeTextFileSync(`${folder}.file`, "");
    assertThrows(() => openCacheFolder(`${folder}.file`), CacheError, "got an error");
    // Only root may give a folder away; for others, root's own folder is another user's.
    const isRoot = Deno.uid() === 0;
    if (isRoot) {
      Deno.chmodSync(folder, 0o700);
      Deno.chownSync(folder, 65534, 65534);
    }
    assertThrows(() => openCacheFolder(isRoot ? folder : "/"), CacheError, "got one of another user");
  }),
});

for (const device of devices) {
  Deno.test(
    `a graph from the cache computes the same on ${device.target.name}`,
    inFolder(async (folder) => {
      const w = Float32Array.from({ length: 32 * 64 }, (_, k) => Math.sin(k));
      const x = Float32Array.from({ length: 5 * 64 }, (_, k) => Math.cos(k));
      const want = interpretGraph(mlp(), { x, w }, { n: 5 }).y as ArrayLike<number>;
      for (const cache of [folder, folder, false]) {
        using model = await build(mlp(), device, { weights: { w }, bounds: { n: 8 }, cache });
        const { y } = await model.run({ x });
        y?.forEach((v, k) => assert(Math.abs(v - (want[k] ?? NaN)) < 1e-5));
      }
    }),
  );
}

Deno.test("a folder that can't be used is an error where it was named", async () => {
  const [device] = devices;
  if (!device) return;
  await assertRejects(
    () => build(te.matmul({ m: 4, n: 4, k: 4 }), device, { cache: import.meta.filename as string }),
    CacheError,
    "expected a folder for this user alone",
  );
});
