/** What targets can do, in records of every version, and that nothing asks for a device's kind instead. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { CAPABILITIES, type Capabilities } from "../../lib/target/capabilities.ts";
import { PROFILES, targetOf } from "../../lib/target/profiles.ts";
import type { Profile, Target } from "../../lib/target/target.ts";
import { targetFromJson } from "../../lib/target/target_json.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { devices } from "../devices.ts";

const targets: readonly Target[] = [
  ...(Object.keys(PROFILES) as Profile[]).map(targetOf),
  ...devices.map((d) => d.target),
];
const names = Object.keys(CAPABILITIES.wgsl) as (keyof Capabilities)[];

/** The fields of a target that version 0.1.0 knew, as it wrote them. */
function asVersion010(target: Target): Record<string, unknown> {
  const json: Record<string, unknown> = JSON.parse(JSON.stringify(target));
  for (const name of [...names, "relaxedSimd"]) delete json[name];
  return target.kind === "cpu" ? { ...json, textures: "sampled" } : json;
}

Deno.test("a target has the capabilities of its language, and is read back as it was", () => {
  for (const target of targets) {
    const own = Object.fromEntries(names.map((name) => [name, target[name]]));
    assertEquals(own, { ...CAPABILITIES[target.language] });
    assertEquals(targetFromJson(JSON.parse(JSON.stringify(target))), target);
  }
});

Deno.test("a target of version 0.1.0 gets the capabilities that its kind had", () => {
  for (const target of targets) {
    // A CPU ran JavaScript.
    const { relaxedSimd: _, ...before } = { ...target, ...(target.kind === "cpu" ? CAPABILITIES.js : {}) };
    assertEquals(targetFromJson(asVersion010(target)), before);
  }
});

Deno.test("capabilities of the wrong kind are refused by name", () => {
  const json = { ...targetOf("cpu") };
  const wrong: Readonly<Record<keyof Capabilities, unknown>> = {
    language: "c",
    lanes: 3,
    uniforms: 1,
    unsignedDivision: "no",
  };
  for (const name of names) {
    assertThrows(() => targetFromJson({ ...json, [name]: wrong[name] }), Error, `its ${name} is not`);
  }
});

Deno.test("each capability steers by itself, whatever the device is called", () => {
  const sch = new Schedule(matmul({ m: 4, n: 8, k: 8 }));
  sch.bind(sch.loops("C")[0] ?? "", "blockIdx.x");
  sch.setScope("A", "texture");
  sch.setScope("B", "uniform");
  const storage = (some: Partial<Target>) =>
    compile(sch.func, { ...targetOf("generic-webgpu"), ...some }).buffers.map((b) => b.storage.kind);
  assertEquals(storage({}), ["texture", "uniform", "buffer"]);
  assertEquals(storage({ kind: "cpu" }), ["texture", "uniform", "buffer"]);
  assertEquals(storage({ textures: "none" }), ["buffer", "uniform", "buffer"]);
  assertEquals(storage({ uniforms: false }), ["texture", "buffer", "buffer"]);
  const lies = () => storage({ ...targetOf("cpu"), textures: "sampled" });
  assertThrows(lies, Error, "expected inputs in global memory, got A in a texture");

  const rows = new Schedule(matmul({ m: 4, n: 8, k: 8 }));
  const [i = "", j = ""] = rows.loops("C"), [, lane] = rows.split(j, [null, 4]);
  rows.bind(i, "blockIdx.x");
  rows.reorder(...rows.loops("C").filter((l) => l !== lane), lane);
  rows.vectorize(lane);
  const source = (some: Partial<Target>) =>
    compile(rows.func, { ...targetOf("generic-webgpu"), ...some }).launches.map((l) => l.source).join();
  assert(source({}).includes("vec4<f32>"));
  assert(!source({ lanes: 1 }).includes("vec4<f32>"));
});

/** To open a device like another one, it has to be asked which API runs that. */
const OPENS = /\/measure\/like_target\.ts$/;

Deno.test("no room of the compiler or the runtime asks a device for its kind", async () => {
  const rooms = [
    "te",
    "op",
    "schedule",
    "space",
    "estimate",
    "dlight",
    "lower",
    "codegen",
    "runtime",
    "measure",
    "cli",
  ];
  const asks = /\btarget\??\.kind\b|\bkind\b[^;{}]*\}(: \w+)? = \w*[tT]arget\b|kind [!=]== "(cpu|webgpu)"/;
  const wrong: string[] = [];
  const walk = async (dir: URL): Promise<void> => {
    for await (const entry of Deno.readDir(dir)) {
      const at = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, dir);
      if (entry.isDirectory) await walk(at);
      else if (!OPENS.test(at.href) && asks.test(await Deno.readTextFile(at))) wrong.push(at.href);
    }
  };
  for (const room of rooms) await walk(new URL(`../../lib/${room}/`, import.meta.url));
  assertEquals(wrong, []);
});
