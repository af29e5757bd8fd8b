/** The bundle for a page: small, without a host behind it, and at work. */
import { assert, assertEquals } from "@std/assert";
import vm from "node:vm";
import { browse, browserTest } from "../share/browser.ts";
import { bundle, GLOBAL, sharesOf } from "./bundle.ts";

/** Bytes of the minified bundle, at most. */
const LIMIT = 400_000;

const built = await bundle();
const { script, shares, imports } = built;

Deno.test("builder and runtime bundle for a browser within their limit", () => {
  const table = sharesOf(built);
  console.log(table);
  assert(built.bytes <= LIMIT, `expected at most ${LIMIT} bytes, got ${built.bytes}:\n${table}`);
});

Deno.test("the bundle is made of the rooms that a page needs, and of no package", () => {
  const rooms = ["arith", "base", "codegen", "dlight", "estimate", "face", "ir", "lower", "op", "runtime"];
  const known = new Set([...rooms, "schedule", "space", "target", "te", "entry.ts"]);
  assertEquals(shares.map(([room]) => room).filter((room) => !known.has(room)), []);
});

Deno.test("the bundle names no host but where it asks whether there is one", () => {
  assertEquals(imports, []);
  assertEquals(script.match(/["'`]node:\w+/g) ?? [], []);
  // The runtime asks `globalThis` for Deno and for a process; no module takes either as given.
  assertEquals(script.match(/(?<![.\w$"'`])(Deno|process)\s*[.[(?]/g) ?? [], []);
});

/** Runs a product on the page's CPU: its language, host and clock, and the result. */
const RUN = `(async () => {
  const { te, schedule, compile, Device } = ${GLOBAL};
  using device = await Device.open({ backend: "cpu" });
  const { func } = schedule(te.matmul({ m: 2, n: 2, k: 2 }), device.target);
  using program = await device.load(compile(func, device.target));
  const { C } = await program.run({ A: new Float32Array([1, 2, 3, 4]), B: new Float32Array([5, 6, 7, 8]) });
  const { language, runtime, clock } = device.target;
  return JSON.stringify([language, runtime, clock, [...C]]);
})()`;

Deno.test("a program is scheduled, compiled and run where there is neither Deno nor a process", async () => {
  const navigator = { userAgent: "page" };
  const page = vm.createContext({ performance, setTimeout, structuredClone, TextEncoder, navigator });
  vm.runInContext(script, page);
  assertEquals(vm.runInContext("[typeof Deno, typeof process].join()", page), "undefined,undefined");
  const result: unknown = await vm.runInContext(RUN, page);
  assertEquals(JSON.parse(String(result)), ["wasm", "page", "wall", [19, 22, 43, 50]]);
});

browserTest("a real browser runs it too", async () => {
  const path = await Deno.makeTempFile({ suffix: ".html" });
  try {
    await Deno.writeTextFile(path, `<!doctype html><meta charset="utf-8"><script>${script}</script>`);
    const { complaints } = await browse(path, async (page) => {
      const [language, runtime, clock, result] = JSON.parse(await page.evaluate(RUN));
      assertEquals([language, clock, result], ["wasm", "wall", [19, 22, 43, 50]]);
      assert(/Mozilla/.test(runtime), runtime);
    });
    assertEquals(complaints, []);
  } finally {
    await Deno.remove(path);
  }
});
