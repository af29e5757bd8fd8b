/**
 * Modules for the CPU in a page: they need no host. A page that is isolated runs them on a memory that threads share, and
 * any other page on one of its own.
 */
import { assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { withSharedMemory } from "../../lib/codegen/wasm/assemble.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import * as te from "../../lib/face/te.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { browse, browserTest } from "../share/browser.ts";

const cpu = targetOf("cpu");
const [launch] = compile(schedule(te.matmul({ m: 2, n: 2, k: 2 }), cpu).func, cpu).launches;
const bytes = Uint8Array.from(atob(launch?.module ?? ""), (c) => c.charCodeAt(0));

/** Runs the product on [1, 2, 3, 4] and [5, 6, 7, 8], in the page. Pointers are followed by lengths. */
function product(module: readonly number[], grid: readonly number[], shared: boolean): readonly unknown[] {
  const memory = new WebAssembly.Memory(
    shared ? { initial: 1, maximum: 65536, shared: true } : { initial: 1 },
  );
  const floats = new Float32Array(memory.buffer);
  floats.set([1, 2, 3, 4], 16);
  floats.set([5, 6, 7, 8], 32);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module)), {
    env: { memory },
  });
  const [x = 1, y = 1, z = 1] = grid;
  (instance.exports.run as (...n: readonly number[]) => void)(
    64,
    128,
    192,
    4,
    4,
    4,
    x,
    y,
    1024,
    0,
    x * y * z,
  );
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  return [crossOriginIsolated, memory.buffer instanceof ArrayBuffer, ...floats.slice(48, 52)];
}

for (const isolated of [true, false]) {
  browserTest(`a module runs in a page that is ${isolated ? "" : "not "}isolated`, async () => {
    const headers: Record<string, string> = isolated
      ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
      : {};
    const page = () =>
      new Response("<title>a page</title>", { headers: { ...headers, "content-type": "text/html" } });
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, page);
    const module = isolated ? withSharedMemory(bytes, 65536) : bytes;
    let said: unknown;
    await browse(`http://127.0.0.1:${server.addr.port}/`, async (page) => {
      const given = [[...module], launch?.grid, isolated].map((x) => JSON.stringify(x)).join();
      said = await page.evaluate(`(${product})(${given})`);
    }, { offline: false });
    assertEquals(said, [isolated, !isolated, 19, 22, 43, 50]);
  });
}
