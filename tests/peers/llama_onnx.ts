/**
 * A Llama on ONNX Runtime's WebGPU provider, as exporters for it write one: attention with its rotation and its cache is one
 * operator, and so is a residual with its norm. The cache stays on the device, and is updated in place; logits of the
 * last token come to the host.
 */
import * as ort from "onnxruntime-web/webgpu";
import { type ElementType, type Initializer, modelBytes, type Node, type Value } from "./onnx_model.ts";

const MICROSOFT = "com.microsoft";

/** The sizes of a Llama with as many positions as its cache has. */
export interface LlamaSizes {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly eps: number;
  readonly theta: number;
}

/** Gives the elements of a matrix [rows, columns] or of a vector, by the name in Hugging Face's files. */
export type Elements = (name: string) => Float32Array<ArrayBuffer>;

/** Makes the model that reads `tokens` tokens at once. */
function modelOf(c: LlamaSizes, elements: Elements, tokens: number): Uint8Array {
  const dim = c.hidden / c.heads, wide = wideOf(c), nodes: Node[] = [], initializers: Initializer[] = [];
  const put = (
    name: string,
    dims: readonly number[],
    data: ArrayBufferView<ArrayBuffer>,
    type: ElementType,
  ) => {
    initializers.push({
      name,
      type,
      dims,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  };
  const vector = (name: string) => put(name, [c.hidden], elements(name), "float32");
  const node = (
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    more: Partial<Node> = {},
  ) => {
    nodes.push({ op, inputs, outputs, ...more });
    return outputs[0] as string;
  };
  const matrix = (x: string, name: string, w: Float32Array<ArrayBuffer>, columns: number, y: string) =>
    node("MatMul", [x, put(name, [columns, w.length / columns], w, "float32")], [y]);
  const product = (x: string, name: string, rows: number, columns: number, y: string) =>
    matrix(x, name, transposed(elements(name), rows, columns), columns, y);
  /** A product whose rows are those of heads, with zeros where heads are wider. */
  const headed = (x: string, name: string, heads: number, y: string) => {
    const w = widened(elements(name), heads, dim, wide);
    return matrix(x, name, transposed(w, heads * wide, c.hidden), c.hidden, y);
  };
  const EPS = { epsilon: { float: c.eps } };
  const half = wide / 2,
    table = (f: (x: number) => number) =>
      Float32Array.from({ length: c.context * half }, (_, at) => {
        const k = at % half;
        return f(k < dim / 2 ? Math.floor(at / half) * c.theta ** (-2 * k / dim) : 0);
      });
  const cos = put("cos", [c.context, half], table(Math.cos), "float32");
  const sin = put("sin", [c.context, half], table(Math.sin), "float32");
  const embed = put("embed", [c.vocabulary, c.hidden], elements("model.embed_tokens.weight"), "float32");
  let x = node("Gather", [embed, "ids"], ["x"]);
  let n = node("SimplifiedLayerNormalization", [x, vector("model.layers.0.input_layernorm.weight")], ["n"], {
    attributes: { axis: -1, ...EPS },
  });
  /** A residual, and the norm of it. */
  const after = (y: string, weight: string, at: string) => {
    n = node("SkipSimplifiedLayerNormalization", [y, x, vector(weight)], [`${at}n`, "", "", `${at}x`], {
      domain: MICROSOFT,
      attributes: EPS,
    });
    x = `${at}x`;
  };
  for (let k = 0; k < c.layers; k++) {
    const at = `model.layers.${k}.`, self = `${at}self_attn.`;
    const q = headed(n, `${self}q_proj.weight`, c.heads, `${at}q`);
    const key = headed(n, `${self}k_proj.weight`, c.kvHeads, `${at}k`);
    const value = headed(n, `${self}v_proj.weight`, c.kvHeads, `${at}v`);
    const inputs = [q, key, value, `past_key${k}`, `past_value${k}`, "last", "total", cos, sin];
    const attended = node("GroupQueryAttention", inputs, [`${at}a`, `present_key${k}`, `present_value${k}`], {
      domain: MICROSOFT,
      attributes: {
        num_heads: c.heads,
        kv_num_heads: c.kvHeads,
        do_rotary: 1,
        scale: { float: dim ** -0.5 },
      },
    });
    const own = transposed(elements(`${self}o_proj.weight`), c.hidden, c.hidden);
    const o = matrix(
      attended,
      `${self}o_proj.weight`,
      widened(own, c.heads, dim, wide),
      c.heads * wide,
      `${at}o`,
    );
    after(o, `${at}post_attention_layernorm.weight`, `${at}1`);
    const gate = product(n, `${at}mlp.gate_proj.weight`, c.intermediate, c.hidden, `${at}g`);
    const up = product(n, `${at}mlp.up_proj.weight`, c.intermediate, c.hidden, `${at}u`);
    const silu = node("Mul", [gate, node("Sigmoid", [gate], [`${at}s`])], [`${at}silu`]);
    const both = node("Mul", [silu, up], [`${at}both`]);
    const down = product(both, `${at}mlp.down_proj.weight`, c.hidden, c.intermediate, `${at}d`);
    const next = k + 1 < c.layers ? `model.layers.${k + 1}.input_layernorm.weight` : "model.norm.weight";
    after(down, next, `${at}2`);
  }
  const end = () => put("end", [1], BigInt64Array.of(BigInt(tokens - 1)), "int64");
  const last = tokens > 1 ? node("Gather", [n, end()], ["final"], { attributes: { axis: 1 } }) : n;
  const head = transposed(elements("model.embed_tokens.weight"), c.vocabulary, c.hidden);
  node("MatMul", [last, put("head", [c.hidden, c.vocabulary], head, "float32")], ["logits"]);
  const cache = [1, c.kvHeads, c.context, wide];
  const value = (name: string, dims: readonly number[], type: ElementType = "float32"): Value => ({
    name,
    type,
    dims,
  });
  const caches = (kind: string) =>
    Array.from(
      { length: c.layers },
      (_, k) => [value(`${kind}_key${k}`, cache), value(`${kind}_value${k}`, cache)],
    )
      .flat();
  return modelBytes({
    nodes,
    initializers,
    inputs: [
      value("ids", [1, tokens], "int64"),
      value("last", [1], "int32"),
      value("total", [1], "int32"),
      ...caches("past"),
    ],
    outputs: [value("logits", [1, 1, c.vocabulary]), ...caches("present")],
  }, { [MICROSOFT]: 1 });
}

/** The provider rotates heads whose elements are a multiple of 16: others get zeros, which change nothing. */
function wideOf({ hidden, heads }: LlamaSizes): number {
  return Math.ceil(hidden / heads / 16) * 16;
}

/** Rows of heads of `dim`, each half of a head followed by rows of zeros. */
function widened(
  data: Float32Array<ArrayBuffer>,
  heads: number,
  dim: number,
  wide: number,
): Float32Array<ArrayBuffer> {
  const columns = data.length / (heads * dim), out = new Float32Array(heads * wide * columns);
  for (let half = 0; half < 2 * heads; half++) {
    const from = half * dim / 2 * columns;
    out.set(data.subarray(from, from + dim / 2 * columns), half * wide / 2 * columns);
  }
  return out;
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j] as number;
  }
  return out;
}

/** A Llama that reads its tokens at the end of one text. */
export interface OnnxLlama extends AsyncDisposable {
  /** Reads tokens from a position on, and gives the most probable next one. Their number is 1, or that of a prompt. */
  read(ids: readonly number[], position: number): Promise<number>;
}

/** Where the library runs: its WebGPU provider, or in WebAssembly. */
export type OnnxProvider = "webgpu" | "wasm";

/**
 * Makes the sessions of a token and of a prompt. On WebGPU caches are buffers that it writes into; in WebAssembly it makes
 * new ones at each run.
 */
export async function openOnnxLlama(
  c: LlamaSizes,
  elements: Elements,
  prompt: number,
  provider: OnnxProvider,
): Promise<OnnxLlama> {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  const presents = names("present", c);
  const outputs = ["logits", ...presents].map((name) =>
    [name, name === "logits" ? "cpu" : "gpu-buffer"] as const
  );
  const session = (tokens: number) =>
    ort.InferenceSession.create(modelOf(c, elements, tokens), {
      executionProviders: [provider],
      ...(provider === "webgpu" ? { preferredOutputLocation: Object.fromEntries(outputs) } : {}),
    });
  const sessions = new Map([[1, await session(1)], [prompt, await session(prompt)]]);
  const dims = [1, c.kvHeads, c.context, wideOf(c)], elementsOf = dims.reduce((a, b) => a * b, 1);
  const buffers: GPUBuffer[] = [];
  const cacheOf = async (): Promise<ort.Tensor> => {
    if (provider === "wasm") return new ort.Tensor("float32", new Float32Array(elementsOf), dims);
    const device = await ort.env.webgpu.device as GPUDevice;
    const buffer = device.createBuffer({
      size: 4 * elementsOf,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    buffers.push(buffer);
    return ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
  };
  const caches: ort.Tensor[] = [];
  while (caches.length < presents.length) caches.push(await cacheOf());
  const given = (kind: string) =>
    Object.fromEntries(names(kind, c).map((name, k) => [name, caches[k] as ort.Tensor]));
  return {
    async read(ids, position) {
      const running = sessions.get(ids.length) as ort.InferenceSession;
      const total = position + ids.length;
      const feeds = {
        ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
        last: new ort.Tensor("int32", Int32Array.of(total - 1), [1]),
        total: new ort.Tensor("int32", Int32Array.of(total), [1]),
        ...given("past"),
      };
      const made = provider === "webgpu"
        ? await running.run(feeds, { logits: null, ...given("present") })
        : await running.run(feeds);
      presents.forEach((name, k) => caches[k] = made[name] ?? caches[k] as ort.Tensor);
      const all = made.logits?.data as Float32Array;
      let best = 0;
      for (let k = 1; k < all.length; k++) if ((all[k] as number) > (all[best] as number)) best = k;
      return best;
    },
    async [Symbol.asyncDispose]() {
      for (const s of sessions.values()) await s.release();
      for (const b of buffers) b.destroy();
    },
  };
}

function names(kind: string, { layers }: LlamaSizes): readonly string[] {
  return Array.from({ length: layers }, (_, k) => [`${kind}_key${k}`, `${kind}_value${k}`]).flat();
}
