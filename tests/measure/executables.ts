/** Executables by hand, right and wrong in every way, for one small program. */
import type { BufferSpec, Executable, Launch } from "../../lib/codegen/executable.ts";
import { add } from "../../lib/ir/build.ts";
import type { Failure } from "../../lib/measure/measurement.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";

export const SIZE = 256;
const A = placeholder("A", [SIZE]);
/** `B[i] = A[i] + A[i]` */
export const doubled = primFunc("doubled", [A, compute("B", [SIZE], (i) => add(A.at(i), A.at(i)))]);

const buffers: readonly BufferSpec[] = [
  { name: "A", dtype: "f32", shape: [SIZE], role: "input", storage: { kind: "buffer" } },
  { name: "B", dtype: "f32", shape: [SIZE], role: "output", storage: { kind: "buffer" } },
];

function executable(language: "js" | "wgsl", source: string, launch: Partial<Launch> = {}): Executable {
  const launches: readonly Launch[] = [{
    name: "kernel",
    source,
    workgroupSize: [64, 1, 1],
    grid: [SIZE / 64, 1, 1],
    folded: false,
    bindings: [{ name: "A", access: "read" }, { name: "B", access: "readWrite" }],
    uniforms: [],
    loops: [],
    f16: false,
    sharedBytes: 0,
    prepares: false,
    ...launch,
  }];
  return { name: "doubled", language, shapeVars: [], buffers, launches };
}

/** JavaScript in which `A` and `B` are the arguments. */
export function javascript(body: string): Executable {
  return executable("js", `const [A, B] = buffers;\n${body}`);
}

/** WGSL in which `A` and `B` are the arguments, and `i` counts threads. */
export function wgsl(body: string, launch: Partial<Launch> = {}, declarations = ""): Executable {
  return executable(
    "wgsl",
    `@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
${declarations}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  ${body}
}
`,
    launch,
  );
}

const LOOP = "for (let i = 0; i < A.length; i++)";
export const right = {
  cpu: javascript(`${LOOP} B[i] = A[i] + A[i];`),
  webgpu: wgsl("B[i] = A[i] + A[i];"),
} as const;

export interface Bad {
  readonly what: string;
  readonly executable: Executable;
  /** How it may fail. */
  readonly status: readonly Failure[];
  readonly says: RegExp;
}

const SUM = /^B\[17\] is \S+ and not \S+; 1 of 256 elements are wrong$/;
const UNWRITTEN = /^B\[17\] is NaN and not \S+; 1 of 256 elements are wrong$/;

/** Candidates that end by themselves. */
export const bad: Readonly<Record<"cpu" | "webgpu", readonly Bad[]>> = {
  cpu: [
    {
      what: "one wrong element",
      executable: javascript(`${LOOP} B[i] = A[i] + A[i] + (i === 17 ? 0.01 : 0);`),
      status: ["wrongAnswer"],
      says: SUM,
    },
    {
      what: "one element that is not written",
      executable: javascript(`${LOOP} if (i !== 17) B[i] = A[i] + A[i];`),
      status: ["wrongAnswer"],
      says: UNWRITTEN,
    },
    {
      what: "nothing written, after a candidate that was right",
      executable: javascript(""),
      status: ["wrongAnswer"],
      says: /^B\[0\] is NaN and not \S+; 256 of 256 elements are wrong$/,
    },
    {
      what: "source that does not compile",
      executable: javascript("B[0] = ;"),
      status: ["compile"],
      says: /^cannot compile kernel: Unexpected token ';'/,
    },
    {
      what: "an exception while it runs",
      executable: javascript("throw new RangeError('out of its depth');"),
      status: ["run"],
      says: /^out of its depth$/,
    },
    {
      what: "source for another device",
      executable: right.webgpu,
      status: ["run"],
      says: /compiled to wgsl; compile it for device.target$/,
    },
  ],
  webgpu: [
    {
      what: "one wrong element",
      executable: wgsl("B[i] = A[i] + A[i] + select(0.0, 0.01, i == 17u);"),
      status: ["wrongAnswer"],
      says: SUM,
    },
    {
      what: "one element that is not written",
      executable: wgsl("if (i != 17u) { B[i] = A[i] + A[i]; }"),
      status: ["wrongAnswer"],
      says: UNWRITTEN,
    },
    {
      what: "nothing written, after a candidate that was right",
      executable: wgsl("if (A[i] > 5.0) { B[i] = 0.0; }"),
      status: ["wrongAnswer"],
      says: /^B\[0\] is NaN and not \S+; 256 of 256 elements are wrong$/,
    },
    {
      what: "source that does not compile",
      executable: wgsl("B[i] = A[i] + nowhere;"),
      status: ["compile"],
      says: /^cannot compile kernel: 6:17: [^]*nowhere[^]*\n {2}\| {3}B\[i\] = A\[i\] \+ nowhere;$/,
    },
    {
      what: "more workgroup memory than there is",
      executable: wgsl(
        "big[i] = A[i]; workgroupBarrier(); B[i] = big[i] + A[i];",
        { sharedBytes: 2 ** 30 },
        `var<workgroup> big: array<f32, ${2 ** 28}>;`,
      ),
      status: ["verify"],
      says: /^cannot launch kernel with 1073741824 bytes of workgroup memory: the device has \d+$/,
    },
    {
      what: "more workgroups than there may be",
      executable: wgsl("B[i] = A[i] + A[i];", { grid: [2 ** 20, 1, 1] }),
      status: ["verify"],
      says: /^cannot launch kernel with 1048576 x 1 x 1 workgroups: the device takes \d+ in a dimension$/,
    },
    {
      what: "an argument that its source does not know",
      executable: wgsl("B[i] = 1.0;"),
      status: ["run"],
      says: /./,
    },
  ],
};

/** Candidates that don't end, or not soon. */
export const endless = {
  cpu: javascript("for (;;);"),
  // Millions of workgroups: one invocation's loop is cut off on some devices.
  webgpu: wgsl(
    "var x = A[i % 256u]; for (var k = 0u; k < 60000u; k++) { x = x * 0.999 + 0.1; } B[i % 256u] = x;",
    { grid: [65535, 1024, 1] },
  ),
} as const;

/** Asks for 64 MiB of workgroup memory and has told its launch plan nothing of it. */
export const liar: Executable = wgsl(
  "big[i] = A[i]; workgroupBarrier(); B[i] = big[i] + A[i];",
  {},
  `var<workgroup> big: array<f32, ${2 ** 24}>;`,
);
