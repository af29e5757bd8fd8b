/** What becomes of shapes, constants, branches and types when a model is read; and what is refused. */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { OptionError } from "../../../lib/base/error.ts";
import { OnnxError } from "../../../lib/models/onnx/error.ts";
import { load } from "../../../lib/models/onnx/load.ts";
import { read } from "../../../lib/models/onnx/read.ts";
import { devices } from "../../devices.ts";
import { buildGraph } from "../../../lib/tuning/build_graph.ts";
import { near, noise, runModel } from "./run_model.ts";
import {
  f32,
  field,
  graphBytes,
  i64,
  int,
  joined,
  modelBytes,
  tensorBytes,
  type TestModel,
  type TestNode,
  type TestTensor,
} from "./write_model.ts";

const node = (
  op: string,
  inputs: string,
  output: string,
  attributes: TestNode["attributes"] = {},
): TestNode => ({
  op,
  inputs: inputs === "" ? [] : inputs.split(" "),
  outputs: output.split(" "),
  attributes,
});
const scalar = (x: number): TestTensor => ({ type: "int64", dims: [], data: [x] });

/** Reshapes [n, 6] to [n, 2, 3] by the way of exporters: Shape, Gather, Unsqueeze, Concat. */
const folded: TestModel = {
  nodes: [
    node("Shape", "x", "s"),
    node("Gather", "s zero", "n", { axis: 0 }),
    node("Unsqueeze", "n axes", "n1"),
    node("Concat", "n1 rest", "shape", { axis: 0 }),
    node("Reshape", "x shape", "r"),
    node("ReduceSum", "r last", "y", { keepdims: 0 }),
  ],
  inputs: { x: { dims: ["batch.size", 6] } },
  initializers: { zero: scalar(0), axes: i64(0), rest: i64(2, 3), last: i64(2) },
};

Deno.test("arithmetic on shapes is done when a model is read, with dynamic dimensions", async () => {
  const { graph, inputs, outputs, opset, name } = read(modelBytes(folded));
  assertEquals(graph.bindings.length, 2);
  assertEquals([opset, name], [17, "test"]);
  assertEquals(inputs, [{ name: "x", as: "x", type: "float", dtype: "f32", shape: ["batch_size", 6] }]);
  assertEquals(outputs, [{ name: "y", as: "y", type: "float", dtype: "f32", shape: ["batch_size", 2] }]);
  const x = f32([2, 6], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (const device of [undefined, ...devices]) {
    const { y } = await runModel(folded, { x }, { shapes: { batch_size: 2 }, ...(device ? { device } : {}) });
    near(y, [6, 15, 24, 33]);
  }
  const fixed = read(modelBytes(folded), { shapes: { "batch.size": 4 } });
  assertEquals(fixed.outputs[0]?.shape, [4, 2]);
  assertEquals(read(modelBytes(folded), { shapes: { x: [5, 6] } }).outputs[0]?.shape, [5, 2]);
  assertEquals(read(modelBytes(folded), { shapes: { batch_size: 4 } }).outputs[0]?.shape, [4, 2]);
  assertEquals(read(modelBytes(folded), { shapes: { "batch.size": "b" } }).inputs[0]?.shape, ["b", 6]);
  assertEquals(read(modelBytes(folded), { shapes: { x: ["b", 6] } }).outputs[0]?.shape, ["b", 2]);
});

Deno.test("names in shapes that the model hasn't are refused, with the nearest", () => {
  const bytes = modelBytes(folded);
  assertThrows(
    () => read(bytes, { shapes: { batch_sise: 4 } }),
    OnnxError,
    "expected a dimension of the model in shapes (batch.size, batch_size), got batch_sise; did you mean batch_size?",
  );
  assertThrows(
    () => read(bytes, { shapes: { y: [1, 6] } }),
    OnnxError,
    "expected an input of the model in shapes (x)",
  );
  assertThrows(() => read(bytes, { shapes: { x: ["2b", 6] } }), OptionError, "the name of a shape variable");
});

Deno.test("a causal mask of a dynamic length: ConstantOfShape, Range, Less, Where, Slice", async () => {
  const { y } = await runModel(
    {
      nodes: [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n"),
        node("Range", "zero n one", "at"),
        node("Unsqueeze", "at one1", "column"),
        node("Less", "column at", "hidden"),
        node("Unsqueeze", "n axes", "n1"),
        node("Slice", "bias axes n1 axes", "part"),
        node("Where", "hidden low part", "y"),
      ],
      inputs: { x: { dims: ["n"] } },
      initializers: {
        zero: scalar(0),
        one: scalar(1),
        one1: i64(1),
        axes: i64(0),
        low: f32([], [-9]),
        bias: f32([5], [1, 2, 3, 4, 5]),
      },
    },
    { x: f32([3], [0, 0, 0]) },
    { shapes: { n: 3 } },
  );
  assertEquals(y, [1, -9, -9, 1, 2, -9, 1, 2, 3]);
});

Deno.test("pictures of dynamic sizes: convolution, pool, and resizes by scales and by sizes", async () => {
  const model: TestModel = {
    nodes: [
      node("Conv", "x w", "a", { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node("GlobalMaxPool", "a", "g"),
      node("Resize", "a none scales", "b", {
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      }),
      node("Shape", "g", "s"),
      node("Slice", "s zero two", "lead"),
      node("Concat", "lead three", "sizes", { axis: 0 }),
      node("Resize", "g none none sizes", "c"),
    ],
    outputs: ["b", "c"],
    inputs: { x: { dims: ["n", 1, "h", "w"] } },
    initializers: {
      w: f32([1, 1, 3, 3], [0, 0, 0, 0, 1, 0, 0, 0, 0]),
      none: f32([0], []),
      scales: f32([4], [1, 1, 2, 1]),
      zero: i64(0),
      two: i64(2),
      three: i64(1, 3),
    },
  };
  const x = f32([1, 1, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (const device of [undefined, ...devices]) {
    const made = await runModel(model, { x }, {
      shapes: { n: 1, h: 3, w: 4 },
      ...(device ? { device } : {}),
    });
    near(made.b, [1, 3, 1, 3, 9, 11, 9, 11]);
    near(made.c, [11, 11, 11]);
  }
});

/** Attention of two heads of three elements, as exporters write it, over a dynamic number of tokens. */
const attention: TestModel = {
  nodes: [
    node("Gather", "table ids", "x"),
    node("Shape", "x", "s"),
    node("Gather", "s one", "n"),
    node("Unsqueeze", "n zeros", "n1"),
    node("Concat", "minus n1 heads", "split", { axis: 0 }),
    ...["q", "k", "v"].flatMap((t) => [
      node("MatMul", `x w${t}`, `${t}0`),
      node("Reshape", `${t}0 split`, `${t}1`),
      node("Transpose", `${t}1`, t, { perm: t === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3] }),
    ]),
    node("MatMul", "q k", "scores"),
    node("Div", "scores root", "scaled"),
    node("Concat", "n1 n1", "square", { axis: 0 }),
    node("ConstantOfShape", "square", "ones", { value: { t: f32([1], [1]) } }),
    node("Trilu", "ones", "kept", { upper: 0 }),
    node("Cast", "kept", "sees", { to: 9 }),
    node("Where", "sees scaled low", "masked"),
    node("Softmax", "masked", "p", { axis: -1 }),
    node("MatMul", "p v", "o"),
    node("Transpose", "o", "joined", { perm: [0, 2, 1, 3] }),
    node("Concat", "minus n1 width", "flat", { axis: 0 }),
    node("Reshape", "joined flat", "y"),
  ],
  inputs: { ids: { type: "int64", dims: ["batch", "tokens"] } },
  initializers: {
    table: f32([5, 6], noise(30, 1)),
    wq: f32([6, 6], noise(36, 2)),
    wk: f32([6, 6], noise(36, 3)),
    wv: f32([6, 6], noise(36, 4)),
    one: scalar(1),
    zeros: i64(0),
    minus: i64(-1),
    heads: i64(2, 3),
    width: i64(6),
    root: f32([], [Math.sqrt(3)]),
    low: f32([], [-1e9]),
  },
};

Deno.test("attention of an exporter over a dynamic number of tokens, on all devices", async () => {
  const ids = [1, 4, 0, 2, 2, 3], wanted: number[] = [];
  const product = (t: number, seed: number) => (id: number) =>
    [0, 1, 2, 3, 4, 5].reduce(
      (sum, k) => sum + (noise(30, 1)[6 * id + k] as number) * (noise(36, seed)[6 * k + t] as number),
      0,
    );
  for (const tokens of [ids.slice(0, 3), ids.slice(3)]) {
    tokens.forEach((_, i) => {
      for (let t = 0; t < 6; t++) {
        const head = [0, 1, 2].map((e) => 3 * Math.floor(t / 3) + e), seen = tokens.slice(0, i + 1);
        const scores = seen.map((id) =>
          head.reduce((sum, e) => sum + product(e, 2)(tokens[i] as number) * product(e, 3)(id), 0) /
          Math.sqrt(3)
        );
        const exps = scores.map(Math.exp), all = exps.reduce((a, b) => a + b);
        wanted.push(seen.reduce((sum, id, k) => sum + (exps[k] as number) / all * product(t, 4)(id), 0));
      }
    });
  }
  const given = { ids: { type: "int64", dims: [2, 3], data: ids } as const };
  for (const device of [undefined, ...devices]) {
    const shapes = { batch: 2, tokens: 3 }, bounds = { batch: 2, tokens: 8 };
    const { y } = await runModel(attention, given, { shapes, bounds, ...(device ? { device } : {}) });
    near(y, wanted, 1e-4);
  }
  // Decoding, without its shape as a variable.
  assertEquals(read(modelBytes(attention), { shapes: { batch: 1, tokens: 1 } }).outputs[0]?.shape, [1, 1, 6]);
});

Deno.test("Equal, Where and Expand of exporters fold to a shape", () => {
  const { outputs } = read(modelBytes({
    nodes: [
      node("Shape", "x", "s"),
      node("ConstantOfShape", "two", "ones", { value: { t: i64(1) } }),
      node("Mul", "ones minus", "all"),
      node("Equal", "s all", "same"),
      node("Where", "same ones s", "shape"),
      node("Expand", "row shape", "y"),
    ],
    inputs: { x: { dims: ["n", 3] }, row: { dims: [3] } },
    initializers: { two: i64(2), minus: scalar(-1) },
  }));
  assertEquals(outputs[0]?.shape, ["n", 3]);
});

Deno.test("a branch is taken where its condition is known, and refused where it isn't", async () => {
  const branch = (op: string) => ({ g: graphBytes({ nodes: [node(op, "x", "z")], outputs: ["z"] }) });
  const model = (condition: TestModel): TestModel => ({
    ...condition,
    nodes: [{
      ...node("If", "c", "y"),
      attributes: { then_branch: branch("Neg"), else_branch: branch("Abs") },
    }],
    inputs: { x: { dims: [2] }, ...condition.inputs },
  });
  const known = model({ nodes: [], initializers: { c: { type: "bool", dims: [], data: [1] } } });
  near((await runModel(known, { x: f32([2], [1, -2]) })).y, [-1, 2]);
  const open = model({ nodes: [], inputs: { c: { type: "bool", dims: [] } } });
  refuses(modelBytes(open), "the condition (input 0) to be known at import");
  near((await runModel(open, { x: f32([2], [1, -2]) }, { constants: { c: [0] } })).y, [1, 2]);
});

Deno.test("large floats become weights, and the rest is a part of the graph", () => {
  const { graph, weights } = read(modelBytes({
    nodes: [node("Add", "x w/large", "a"), node("Add", "a small", "y")],
    inputs: { x: { dims: [80] } },
    initializers: { "w/large": f32([80], noise(80)), small: f32([1], [2]) },
  }));
  assertEquals(Object.keys(weights), ["w_large"]);
  assertEquals([graph.weights.length, graph.constants.length], [1, 1]);
});

function refuses(bytes: Uint8Array<ArrayBuffer>, says: string, options = {}): void {
  assertStringIncludes(assertThrows(() => read(bytes, options), OnnxError).message, says);
}

Deno.test("weights of bytes and of bf16 stay as small as they are in the file", async () => {
  const [rows, columns] = [48, 40];
  for (const [type, stored, from, zero] of [["int8", "i8", -128, -3], ["uint8", "u8", 0, 130]] as const) {
    const data = noise(rows * columns, 7).map((x) => Math.floor(x * 128) + 128 + from);
    const scales = noise(columns, 8).map(Math.abs), zeros = scales.map((_, k) => zero + k % 3);
    const model: TestModel = {
      nodes: [node("DequantizeLinear", "w s z", "d", { axis: 1 }), node("MatMul", "x d", "y")],
      inputs: { x: { dims: ["n", rows] } },
      initializers: {
        w: { type, dims: [rows, columns], data },
        s: f32([columns], scales),
        z: { type, dims: [columns], data: zeros },
      },
    };
    const { graph, weights } = read(modelBytes(model));
    assertEquals(graph.weights.map((w) => w.type.stored), [stored]);
    assertEquals(weights.w?.byteLength, rows * columns);
    const x = f32([2, rows], noise(2 * rows, 9));
    const wanted = Array.from({ length: 2 * columns }, (_, k) => {
      const [i, j] = [Math.floor(k / columns), k % columns];
      return x.data.slice(i * rows, (i + 1) * rows).reduce(
        (sum, v, r) =>
          sum + v * (scales[j] as number) * ((data[r * columns + j] as number) - (zeros[j] as number)),
        0,
      );
    });
    for (const device of [undefined, ...devices]) {
      const { y } = await runModel(model, { x }, { shapes: { n: 2 }, ...(device ? { device } : {}) });
      near(y, wanted, 1e-4);
    }
    for (const device of devices) {
      using program = await buildGraph(graph, device, { weights, bounds: { n: 2 } });
      assertEquals(program.built.graph.transform, undefined, "no wider copy is made of them");
    }
  }
  const halves: TestModel = {
    nodes: [node("Add", "x w", "y")],
    inputs: { x: { type: "bfloat16", dims: [100] } },
    initializers: {
      w: { type: "bfloat16", dims: [100], data: noise(100, 3).map((x) => Math.round(x * 8) / 8) },
    },
  };
  assertEquals(read(modelBytes(halves)).weights.w?.byteLength, 200);
  const eighths = noise(100, 4).map((x) => Math.round(x * 8) / 8);
  const x: TestTensor = { type: "bfloat16", dims: [100], data: eighths };
  const w = halves.initializers?.w?.data ?? [];
  for (const device of [undefined, ...devices]) {
    const { y } = await runModel(halves, { x }, device ? { device } : {});
    near(y, x.data.map((v, k) => v + (w[k] as number)));
  }
});

Deno.test("what graphs can't have is refused in words, and the node is named", () => {
  const model = (n: TestNode, more: Partial<TestModel> = {}) =>
    modelBytes({ nodes: [n], inputs: { x: { dims: [2, 3] } }, ...more });
  refuses(
    modelBytes({
      nodes: [node("NonZero", "x", "a"), node("Foo", "a", "b"), node("Bar", "b", "y")],
      inputs: { x: { dims: [2] } },
    }),
    "expected operators that graphs have, got Bar, Foo, NonZero",
  );
  refuses(
    model(node("Reshape", "x shape", "y"), {
      inputs: { x: { dims: [2, 3] }, shape: { type: "int64", dims: [2] } },
    }),
    'in Reshape "Reshape_node"',
  );
  refuses(
    model(node("Neg", "gone", "y")),
    'expected a value that an earlier node gives, got "gone", in Neg "Neg_node"',
  );
  refuses(model(node("Softmax", "x", "y", { axis: 7 })), "expected an axis from -2 to 1, got 7, in Softmax");
  refuses(
    model(node("Softmax", "x", "y", { axis: { f: 1 } })),
    "expected axis to be of type int, got type 1",
  );
  refuses(
    model(node("Add", "x c", "y"), { initializers: { c: { type: "int64", dims: [1], data: [2 ** 40] } } }),
    "expected inputs of one type",
  );
  refuses(
    modelBytes({
      nodes: [node("Add", "x c", "y")],
      inputs: { x: { type: "int64", dims: [1] } },
      initializers: { c: { type: "int64", dims: [1], data: [2 ** 40] } },
    }),
    "expected values that i32 has, because int64 is narrowed to it, got 1099511627776",
  );
  refuses(
    modelBytes({
      nodes: [node("Add", "x c", "y")],
      inputs: { x: { type: "double", dims: [1] } },
      initializers: { c: { type: "double", dims: [1], data: [1e300] } },
    }),
    "expected values that f32 has, because double is narrowed to it",
  );
  refuses(
    modelBytes({ nodes: [node("Neg", "x", "y")], inputs: { x: { dims: [0] } } }),
    "expected extents of at least 1",
  );
  refuses(modelBytes({ nodes: [] }), "expected a value that an earlier node gives");
  refuses(
    model(node("MaxPool", "x", "y", { kernel_shape: [2], ceil_mode: 1 }), {
      inputs: { x: { dims: [1, 1, "w"] } },
    }),
    "expected extents that are numbers for ceil_mode; give them in shapes, got [1, 1, w]",
  );
  refuses(modelBytes({ nodes: [], opset: 99 }), "expected version 1 to 21 of ONNX's operators, got 99");
  refuses(joined(int(1, 8)), "expected a model with a graph, got none");
  assertThrows(() => read(modelBytes(folded), { shape: {} } as object), OptionError, "shapes");
  assertThrows(() => read("model.onnx" as unknown as Uint8Array<ArrayBuffer>), OptionError);
});

Deno.test("bytes that are no model are refused, and the byte is named", () => {
  refuses(joined(field(7, new Uint8Array(0)).subarray(0, 1)), "expected a length, got the end, at byte 1");
  refuses(
    Uint8Array.of(0x3a, 0x7f),
    "expected at most 0 bytes that are left, got a length of 127, at byte 1",
  );
  refuses(new Uint8Array(11).fill(0xff), "of up to 10 bytes, got more, at byte 0");
  refuses(Uint8Array.of(0x0b), "expected an encoding of 0, 1, 2 or 5, got 3 of field 1");
  refuses(Uint8Array.of(0x08), "expected an integer, got the end");
  let deep = graphBytes({ nodes: [] });
  for (let k = 0; k < 40; k++) {
    deep = graphBytes({ nodes: [{ op: "If", inputs: [], attributes: { then_branch: { g: deep } } }] });
  }
  refuses(field(7, deep), "expected at most 64 messages inside of each other");
  const short = field(
    7,
    field(5, joined(int(1, 1000), int(2, 1), field(8, "w"), field(9, new Uint8Array(8)))),
  );
  refuses(short, "expected 4000 bytes of 1000 elements of float, got 8");
  const huge = field(7, field(5, joined(int(1, 2 ** 40), int(2, 1), field(8, "w"))));
  refuses(huge, "expected extents of up to");
  const strings = field(7, field(5, joined(int(1, 1), int(2, 8), field(6, "text"))));
  refuses(strings, "expected numbers or booleans, got string");
});

/** A model whose weight lies in a file. */
function outside(location: string, length = 8): Uint8Array<ArrayBuffer> {
  const entry = (key: string, value: string) => field(13, joined(field(1, key), field(2, value)));
  const bare = tensorBytes("w", f32([2], [])).subarray(0, -2);
  const t = joined(
    bare,
    entry("location", location),
    entry("offset", "4"),
    entry("length", `${length}`),
    int(14, 1),
  );
  const model = modelBytes({ nodes: [node("Add", "x w", "y")], inputs: { x: { dims: [2] } } });
  // A message that comes twice is one: the second graph's bytes follow the first one's.
  const graph = joined(
    graphBytes({ nodes: [node("Add", "x w", "y")], inputs: { x: { dims: [2] } } }),
    field(5, t),
  );
  return joined(model.subarray(0, 2), field(7, graph), field(8, joined(field(1, ""), int(2, 17))));
}

Deno.test("external data is read within the model's folder, and nowhere else", async () => {
  const folder = await Deno.makeTempDir(), weights = new Float32Array([9, 3, 4]);
  try {
    await Deno.writeFile(`${folder}/w.bin`, new Uint8Array(weights.buffer));
    const path = `${folder}/model.onnx`;
    await Deno.writeFile(path, outside("w.bin"));
    const { graph } = await load(path);
    assertEquals(graph.constants[0]?.origin, { kind: "constant", data: new Float32Array([3, 4]) });
    await Deno.mkdir(`${folder}/inner`);
    await Deno.symlink(`${folder}/w.bin`, `${folder}/inner/link.bin`);
    const refused: readonly (readonly [string, string])[] = [
      ["../w.bin", "a path with .."],
      [`${folder}/w.bin`, "an absolute path"],
      ["", "no name"],
      ["none.bin", "an error"],
      ["link.bin", "a link out of it"],
    ];
    for (const [location, says] of refused) {
      await Deno.writeFile(`${folder}/inner/model.onnx`, outside(location));
      const { message } = await assertRejects(() => load(`${folder}/inner/model.onnx`), OnnxError);
      assertStringIncludes(message, says);
    }
    await Deno.writeFile(path, outside("w.bin", 80));
    await assertRejects(() => load(path), OnnxError, "expected external data within the 12 bytes of w.bin");
    await Deno.writeFile(path, outside("inner"));
    await assertRejects(() => load(path), OnnxError, "expected a regular file");
    refuses(outside("w.bin"), "expected a function that gives external data, got none");
    await assertRejects(() => load(folder), OnnxError, "expected a regular file");
    await assertRejects(() => load(`${folder}/gone.onnx`), OnnxError, "expected a file that can be read");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("messages inside of messages without end, and negative extents, are refused where they are", () => {
  // A subgraph in an attribute of a node of a subgraph, and so on.
  let graph = graphBytes({ nodes: [] });
  for (let k = 0; k < 100; k++) graph = field(1, field(5, field(6, graph)));
  assertThrows(
    () => read(joined(int(1, 8), field(7, graph))),
    OnnxError,
    "at most 64 messages inside of each other",
  );
  const model = (dims: readonly number[]) =>
    modelBytes({ nodes: [node("Relu", "w", "y")], initializers: { w: { type: "float", dims, data: [] } } });
  assertThrows(() => read(model([-2, -3])), OnnxError, "expected extents of up to");
});
