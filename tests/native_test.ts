/** Every native part of a dependency has a build for 64-bit ARM on Linux: boards are workers of a fleet, too. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

interface Locked {
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly scripts?: boolean;
}

const locked: Readonly<Record<string, Locked>> =
  JSON.parse(await Deno.readTextFile(new URL("../deno.lock", import.meta.url))).npm;

/** The packages that are for Linux on a processor, without the processor's name. */
function onLinux(cpu: string): ReadonlySet<string> {
  const own = Object.entries(locked).filter(([, p]) => p.os?.includes("linux") && p.cpu?.includes(cpu));
  return new Set(own.map(([name]) => name.replaceAll(cpu, "CPU")));
}

Deno.test("what is locked for x64 is locked for arm64", () => {
  assertEquals(onLinux("x64").size > 0, true);
  assertEquals([...onLinux("x64")].filter((name) => !onLinux("arm64").has(name)), []);
});

Deno.test("of the packages with scripts, which may build or fetch native code, all are known", () => {
  // esbuild has a package for each processor, and webgpu holds the builds of all.
  const names = Object.entries(locked).filter(([, p]) => p.scripts).map(([name]) =>
    name.replace(/@[^@]+$/, "")
  );
  assertEquals(names, ["esbuild", "webgpu"]);
});

Deno.test("webgpu holds Dawn for ARM: its file is of that machine", async () => {
  const ELF = 0x464c457f, AARCH64 = 183, X86_64 = 62;
  const machineOf = async (folder: string) => {
    const dist = new URL(`./dist/${folder}/dawn.node`, import.meta.resolve("webgpu"));
    using file = await Deno.open(fileURLToPath(dist));
    const head = new DataView(new ArrayBuffer(20));
    await file.read(new Uint8Array(head.buffer));
    return [head.getUint32(0, true), head.getUint16(18, true)];
  };
  await import("webgpu");
  assertEquals(await machineOf("linux-x64"), [ELF, X86_64]);
  assertEquals(await machineOf("linux-arm64"), [ELF, AARCH64]);
});
