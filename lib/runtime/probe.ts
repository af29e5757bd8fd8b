/** Measures the rates of a device by small kernels; adapters do not state them. */
import type { BufferSpec, Executable, Launch } from "../codegen/executable.ts";
import { TunebookError } from "../base/error.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import type { Peaks, Target } from "../target/target.ts";
import { probeModule } from "./cpu/probe_module.ts";
import { type Arrays, type Backend, type Bound, timeOf } from "./backend.ts";

/** Threads of a probe, in workgroups of 64. */
const THREADS = 1 << 14;
/** Iterations of a probe's loop: under every driver's limit, and long enough to hide the launch. */
const ITERATIONS = 256;
/** Independent sums of four, so that no multiply-add waits for the one before it. */
const SUMS = 8;
/** Milliseconds of one run that a start of a kernel doesn't blur; a large device does more work in it. */
const LONG_MS = 1;
/** Milliseconds that a sample takes at least, and samples; the fastest one counts. */
const SAMPLE_MS = 30;
const SAMPLES = 3;

/** Measures the peaks of a device, in about a second; a large device takes some more. */
export async function probe(backend: Backend): Promise<Peaks> {
  const { target } = backend;
  const launchMs = await timed(backend, kernel(target, "launch"), {});
  const run = (name: Probe, size: ProbeSize, inputs: Arrays) =>
    timed(backend, kernel(target, name, size), inputs);
  // Past 64 times the threads, each thread does more: a launch has a largest number of workgroups.
  const fma = await longEnough(
    (scale) =>
      run(
        "fma",
        { threads: THREADS * Math.min(64, scale), iterations: ITERATIONS * Math.max(1, scale / 64) },
        {},
      ),
    1024,
  );
  const image = new Float32Array(THREADS * 4).fill(1);
  const loads = THREADS * ITERATIONS * 16;
  const rate = async (name: Probe) => loads / await timed(backend, kernel(target, name), { A: image }) / 1e6;
  const copy = await longEnough(
    (scale) => run("copy", { copies: scale }, { A: new Float32Array(COPIED * scale).fill(1) }),
    Math.min(target.limits.maxBindingBytes / 4, MOST_COPIED) / COPIED,
  );
  return {
    gflops: fma.scale * THREADS * ITERATIONS * SUMS * 4 * 2 / fma.ms / 1e6,
    bufferGbps: await rate("buffer"),
    textureGbps: target.textures === "none" ? 0 : await rate("texture"),
    copyGbps: copy.scale * 2 * COPIED * 4 / copy.ms / 1e6,
    launchMs,
  };
}

type Probe = "launch" | "fma" | "buffer" | "texture" | "copy";

/** Elements that are copied: past any cache of a small device. */
const COPIED = 1 << 22;
/** Elements that are copied at most: half a gigabyte, past any cache of a large device. */
const MOST_COPIED = 1 << 27;

/** The size of a probe: its threads, the iterations of its loop, and how many vectors each thread copies. */
interface ProbeSize {
  readonly threads?: number;
  readonly iterations?: number;
  readonly copies?: number;
}

/**
 * Measures at four times the size again and again, until a run is long enough or the next size is past `most`. A size
 * that the device refuses is left out.
 */
export async function longEnough(
  measure: (scale: number) => Promise<number>,
  most: number,
): Promise<{ readonly scale: number; readonly ms: number }> {
  let last = { scale: 1, ms: await measure(1) };
  for (let scale = 4; last.ms < LONG_MS && scale <= most; scale *= 4) {
    try {
      last = { scale, ms: await measure(scale) };
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      break;
    }
  }
  return last;
}

/** Milliseconds of one run on the target's clock, the fastest of some samples. */
async function timed(backend: Backend, executable: Executable, inputs: Arrays): Promise<number> {
  using loaded = await backend.load(executable);
  using bound = await loaded.bind(inputs, {});
  const idle = await fastest(bound, 0, backend.target);
  await bound.run(1);
  let runs = 1;
  for (let spent = await bound.run(runs); spent.wall < SAMPLE_MS && runs < 1000;) {
    runs = Math.min(1000, Math.max(runs * 2, Math.ceil(runs * SAMPLE_MS / spent.wall)));
    spent = await bound.run(runs);
  }
  return Math.max(1e-6, (await fastest(bound, runs, backend.target) - idle) / runs);
}

async function fastest(bound: Bound, runs: number, target: Target): Promise<number> {
  let best = Infinity;
  for (let k = 0; k < SAMPLES; k++) best = Math.min(best, timeOf(await bound.run(runs), target.clock));
  return best;
}

function kernel(target: Target, name: Probe, probeSize: ProbeSize = {}): Executable {
  const { threads = THREADS, copies = 1 } = probeSize;
  const spec = (b: string, role: BufferSpec["role"], shape: number, texture = false): BufferSpec => ({
    name: b,
    dtype: "f32",
    shape: texture ? [shape / 256, 256] : [shape],
    role,
    storage: texture
      ? {
        kind: "texture",
        layout: { kind: "rows", pack: 1 },
        access: target.textures === "sampled" ? "sample" : "read",
      }
      : { kind: "buffer" },
  });
  const size = name === "copy" ? COPIED * copies : threads * 4;
  const reads = name === "buffer" || name === "texture" || name === "copy";
  return {
    name: `probe_${name}`,
    language: target.language,
    shapeVars: [],
    buffers: [
      ...(reads ? [spec("A", "input", size, name === "texture")] : []),
      spec("B", "output", name === "launch" ? 4 : size),
    ],
    launches: [{
      name: `probe_${name}`,
      prepares: false,
      ...SOURCES[target.language](name, target, probeSize),
      workgroupSize: [64, 1, 1],
      grid: [name === "launch" ? 1 : size / copies / 4 / 64, 1, 1],
      folded: false,
      bindings: [
        ...(reads ? [{ name: "A", access: "read" } as const] : []),
        { name: "B", access: "readWrite" },
      ],
      uniforms: [],
      loops: [],
      f16: false,
      sharedBytes: 0,
    }],
  };
}

/** The source of a probe in each language. */
const SOURCES: Readonly<
  Record<KernelLanguage, (name: Probe, target: Target, size: ProbeSize) => Pick<Launch, "source" | "module">>
> = {
  wgsl: (name, target, size) => ({ source: wgsl(name, target, size) }),
  wasm: (name, { relaxedSimd = false }) => ({
    source: "",
    // A CPU has no textures.
    module: probeModule({
      name: name === "texture" ? "buffer" : name,
      threads: THREADS,
      iterations: ITERATIONS,
      sums: SUMS,
      relaxed: relaxedSimd,
    }),
  }),
  js: (name) => ({ source: javascript(name) }),
};

function wgsl(name: Probe, { textures }: Target, { iterations = ITERATIONS, copies = 1 }: ProbeSize): string {
  const sampled = textures === "sampled";
  const out = "var<storage, read_write> B: array<vec4<f32>>;";
  const head = name === "launch" || name === "fma"
    ? `@group(0) @binding(0) ${out}`
    : `@group(0) @binding(0) var${
      name !== "texture"
        ? "<storage, read> A: array<vec4<f32>>"
        : sampled
        ? " A: texture_2d<f32>"
        : " A: texture_storage_2d<rgba32float, read>"
    };\n` +
      `@group(0) @binding(1) ${out}`;
  const sums = Array.from({ length: SUMS }, (_, k) => `s${k}`);
  const begin = sums.map((s, k) => `  var ${s} = vec4<f32>(f32(i % 7u) * 1e-3 + ${k}.0);`).join("\n");
  const end = `  B[i] = ${sums.join(" + ")};`;
  const loop = (body: string) =>
    `${begin}\n  for (var t = 0u; t < ${iterations}u; t++) {\n${body}\n  }\n${end}`;
  const body: Readonly<Record<Probe, string>> = {
    launch: "  B[0] = vec4<f32>(f32(i));",
    copy: copies === 1
      ? "  B[i] = A[i];"
      : `  for (var t = 0u; t < ${copies}u; t++) { B[i + t * ${COPIED / 4}u] = A[i + t * ${COPIED / 4}u]; }`,
    fma: loop(sums.map((s) => `    ${s} = fma(${s}, vec4<f32>(0.999), vec4<f32>(1e-3));`).join("\n")),
    buffer: loop(`    s0 = s0 + A[(i + t * 64u) % ${THREADS}u];`),
    texture: loop(
      `    s0 = s0 + textureLoad(A, vec2<u32>((i + t) % 64u, (i / 64u + t) % ${THREADS / 64}u)${
        sampled ? ", 0" : ""
      });`,
    ),
  };
  return `${head}\n@compute @workgroup_size(64)\nfn main(@builtin(global_invocation_id) id: vec3<u32>) {\n` +
    `  let i = id.x;\n${body[name]}\n}\n`;
}

function javascript(name: Probe): string {
  const threads = `for (let i = 0; i < grid[0] * 64; i++)`;
  const sums = Array.from({ length: SUMS * 4 }, (_, k) => `s${k}`);
  const body: Readonly<Record<Probe, string>> = {
    launch: "buffers[0][0] = 1;",
    copy: `const [A, B] = buffers; ${threads} for (let k = 4 * i; k < 4 * i + 4; k++) B[k] = A[k];`,
    fma: `const [B] = buffers; ${threads} { let ${sums.map((s, k) => `${s} = ${k}`).join(", ")}; ` +
      `for (let t = 0; t < ${ITERATIONS}; t++) { ${
        sums.map((s) => `${s} = ${s} * 0.999 + 1e-3;`).join(" ")
      } } ` +
      `B[i] = ${sums.join(" + ")}; }`,
    buffer: `const [A, B] = buffers; ${threads} { let s = 0; for (let t = 0; t < ${ITERATIONS}; t++) { ` +
      `const k = 4 * ((i + t * 64) % ${THREADS}); s += A[k] + A[k + 1] + A[k + 2] + A[k + 3]; } B[i] = s; }`,
    texture: "",
  };
  return body[name];
}
