/** The peers' import map beside the product's: neither may drift from the other, nor into the other. */
import { assert, assertEquals } from "@std/assert";
import product from "../../deno.json" with { type: "json" };
import peers from "../peers/deno.json" with { type: "json" };

const packages = (imports: Readonly<Record<string, string>>) =>
  Object.entries(imports).filter(([, to]) => to.startsWith("npm:"));
const mapped: Readonly<Record<string, string>> = product.imports;

Deno.test("what both import is of one version", () => {
  const shared = packages(peers.imports).filter(([name]) => name in mapped);
  assert(shared.length > 0);
  for (const [name, to] of shared) assertEquals(to, mapped[name]);
});

Deno.test("peers are pinned to exact versions", () => {
  for (const [name, to] of packages(peers.imports)) assert(/@\d+\.\d+\.\d+(\/|$)/.test(to), `${name}: ${to}`);
});

Deno.test("no peer is in the product's import map or lock file", async () => {
  const own = packages(peers.imports).filter(([name]) => !(name in mapped));
  assert(own.length >= 3);
  const lock = await Deno.readTextFile(new URL("../../deno.lock", import.meta.url));
  for (const [, to] of own) {
    const name = to.replace(/^npm:\/?/, "").replace(/@\d.*/, "");
    assert(!lock.includes(name), `${name} is in deno.lock`);
  }
});

Deno.test("both compile alike", () => {
  assertEquals(peers.compilerOptions, product.compilerOptions);
});
