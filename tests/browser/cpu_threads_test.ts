/** The CPU as a device in a page: with threads where the page is cross-origin isolated, with one elsewhere. */
import { assertEquals } from "@std/assert";
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";
import { compile } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import * as te from "../../lib/face/te.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { Device } from "../../lib/runtime/device.ts";
import { browse, browserTest } from "../share/browser.ts";

const SIZE = 192;

/** The CPU's part of the runtime as a script that defines `cpu`. */
async function script(): Promise<string> {
  const { outputFiles: [file] } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL("../../lib/runtime/cpu/open_cpu.ts", import.meta.url))],
    bundle: true,
    format: "iife",
    globalName: "cpu",
    write: false,
  });
  await esbuild.stop();
  return file?.text ?? "";
}

/** Runs in the page: opens the CPU with two threads, and runs the product three times. */
const RUN = `async ({ executable, A, B }) => {
  const device = await cpu.openCpu({ runtime: "a page", language: "wasm", relaxedSimd: false, threads: 2 });
  const program = await device.load(executable);
  const inputs = { A: Float32Array.from(A), B: Float32Array.from(B) }, results = [];
  for (let k = 0; k < 3; k++) results.push([...(await program.run(inputs, {})).C]);
  device[Symbol.dispose]();
  return [crossOriginIsolated, device.target.threads ?? 1, results];
}`;

for (const isolated of [true, false]) {
  const threads = isolated ? "two threads" : "one thread";
  browserTest(`a page that is ${isolated ? "" : "not "}isolated runs programs on ${threads}`, async () => {
    using device = await Device.open({ backend: "cpu", relaxedSimd: false });
    const func = schedule(te.matmul({ m: SIZE, n: SIZE, k: SIZE }), device.target).func;
    const executable = compile(func, device.target);
    const { A, B } = randomInputs(func, crypto.getRandomValues(new Uint32Array(1))[0] as number);
    const given = { executable, A: Array.from(A as Float32Array), B: Array.from(B as Float32Array) };
    using program = await device.load(executable);
    const { C } = await program.run({ A: A as Float32Array<ArrayBuffer>, B: B as Float32Array<ArrayBuffer> });
    const headers: Record<string, string> = isolated
      ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
      : {};
    const page = () =>
      new Response("<title>a page</title>", { headers: { ...headers, "content-type": "text/html" } });
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, page);
    let said: unknown;
    await browse(`http://127.0.0.1:${server.addr.port}/`, async (page) => {
      await page.addScriptTag({ content: await script() });
      said = await page.evaluate(`(${RUN})(${JSON.stringify(given)})`);
    }, { offline: false });
    const wanted = Array.from(C as Float32Array);
    assertEquals(said, [isolated, isolated ? 2 : 1, [wanted, wanted, wanted]]);
  });
}
