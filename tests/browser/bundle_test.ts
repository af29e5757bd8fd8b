/** The scripts for pages: small, without a host behind them, as the generated file has them, and at work. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BUNDLE } from "../../lib/browser/bundle.generated.ts";
import { unpack } from "../../lib/browser/packed_script.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { bundles, type ScriptName, sharesOf } from "./bundle.ts";

/** Bytes of a minified script, and of a compressed one, at most. NATS takes 265 kB of a worker's, and no page carries it. */
const SMALL = { bytes: 400_000, gzip: 150_000 };
const LIMITS = { tunebook: SMALL, measureHere: SMALL, worker: { bytes: 600_000, gzip: 190_000 } };

const made = await bundles();
const each = Object.entries(made) as readonly (readonly [ScriptName, typeof made[ScriptName]])[];

for (const [name, built] of each) {
  Deno.test(`${name}: small enough for a page, minified and compressed`, () => {
    const table = sharesOf(built), limit = LIMITS[name];
    assert(
      built.bytes <= limit.bytes,
      `expected at most ${limit.bytes} bytes, got ${built.bytes}:\n${table}`,
    );
    assert(built.gzip.byteLength <= limit.gzip, `expected at most ${limit.gzip} bytes compressed:\n${table}`);
  });

  Deno.test(`${name}: made of rooms that a page needs, and of no package but random numbers`, () => {
    const not = ["autotvm", "notebook", "jupyter", "relax", "models", "share", "cli"];
    const wrong = built.shares.map(([room]) => room).filter((room) =>
      not.includes(room) || /arrow|vega/.test(room)
    );
    assertEquals(wrong, []);
    assertEquals(built.imports, []);
  });

  Deno.test(`${name}: names no host but where it asks whether there is one, and evaluates no text`, () => {
    const { text } = built;
    assertEquals(text.match(/(?:from|import\(|require\()\s*["'`]node:\w+/g) ?? [], []);
    assertEquals(text.match(/\bFunction\(|\beval\(/g) ?? [], []);
    // Packages of a worker's look which host they have.
    if (name === "worker") return;
    // The runtime asks `globalThis` for Deno and for a process; no module takes either as given.
    assertEquals(text.match(/(?<![.\w$"'`])(Deno|process)\s*[.[(?]/g) ?? [], []);
  });

  Deno.test(`${name}: the generated file is that of these sources`, async () => {
    const packed = BUNDLE[name];
    const same = await unpack(packed) === built.text;
    assert(
      same,
      "expected the script of these sources in lib/browser/bundle.generated.ts: run deno task bundle",
    );
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(built.text));
    assertEquals([packed.sha256, packed.bytes], [new Uint8Array(digest).toBase64(), built.bytes]);
  });
}

Deno.test("a program is scheduled and compiled by the script itself, as the module does it", async () => {
  const url = `data:text/javascript;base64,${new TextEncoder().encode(made.tunebook.text).toBase64()}`;
  const { compile, Device, dlight, te } = await import(url);
  const { rule, func } = dlight.schedule(te.matmul({ m: 64, n: 64, k: 64 }), targetOf("nvidia"));
  assertEquals(rule, "Matmul");
  assert(compile(func, targetOf("nvidia")).launches[0].source.includes("@compute"));
  // The CPU runs generated JavaScript, which a page's policy may forbid.
  await assertRejects(
    () => Device.open({ backend: "cpu" }),
    Error,
    "expected a browser with WebGPU, got one without",
  );
});
