/** Makes a graph of a model's graph, node by node. */
import { printable } from "../../base/printable.ts";
import { printExpr } from "../../ir/print.ts";
import { type BlockBuilder, graph } from "../../relax/builder.ts";
import type { Graph } from "../../relax/graph.ts";
import type { Value } from "../../relax/value.ts";
import type { ScalarType } from "../../ir/dtype.ts";
import { TunebookError } from "../../base/error.ts";
import { ImportContext } from "./context.ts";
import { dtypeOf, type ElementType, elementTypeName, elementTypeOf } from "./element_types.ts";
import { OnnxError } from "./error.ts";
import { checkNames, type ExtentOptions, extentsOf } from "./extents.ts";
import { FOLDS } from "./fold.ts";
import { isSmall, type Item, knownItem } from "./item.ts";
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from "./messages.ts";
import { OnnxNode } from "./node.ts";
import { ONNX_OPERATORS } from "./operators/table.ts";
import { type External, readTensorData, type Weights } from "./tensor_data.ts";

/** The most nodes of a graph. */
const MOST_NODES = 100_000;
/** The newest version of ONNX's operators whose meaning the table has. */
const NEWEST = 21;

/** What is fixed when a model is read. */
export interface ImportOptions {
  /** Gives files of external data by name. */
  readonly external?: External;
  /** Extents of dimensions by their names, and all extents of an input by its name. */
  readonly shapes: ExtentOptions;
  /** Elements of inputs that are always the same, by the inputs' names. */
  readonly constants: Readonly<Record<string, ArrayLike<number>>>;
}

/** An input or output of an imported model. */
export interface OnnxTensor {
  /** The name in the model. */
  readonly name: string;
  /** The name in the graph: letters, digits and underscores. */
  readonly as: string;
  /** The element type in the model. */
  readonly type: ElementType;
  /** The dtype in the graph. */
  readonly dtype: ScalarType;
  /** The extents: numbers, and names of shape variables or expressions of them. */
  readonly shape: readonly (number | string)[];
}

/** A model as a graph. */
export interface ImportedModel {
  /** The graph. */
  readonly graph: Graph;
  /** Its weights by name. */
  readonly weights: Record<string, Weights>;
  /** The inputs that a run is given. */
  readonly inputs: readonly OnnxTensor[];
  /** The outputs. */
  readonly outputs: readonly OnnxTensor[];
}

/** Nodes by the names of what they give. */
type Scope = Map<string, Item>;

/**
 * Makes a graph of a model.
 *
 * @throws {OnnxError} for operators that there are none of, all of them named, and for nodes that can't become a part of a
 * graph
 */
export function importModel(model: ModelProto, options: ImportOptions): ImportedModel {
  const { graph: proto } = model;
  if (!proto) throw new OnnxError("expected a model with a graph, got none");
  const opset = model.opsets.get("") ?? 1;
  if (!(opset >= 1 && opset <= NEWEST)) {
    throw new OnnxError(`expected version 1 to ${NEWEST} of ONNX's operators, got ${opset}`);
  }
  checkOperators(proto, model);
  let made: Omit<ImportedModel, "graph"> | undefined;
  const name = printable(proto.name, 100) || "model";
  const g = graph(name, (b) => {
    const one = new GraphImport(b, opset, model, options);
    const found = one.run(proto);
    made = { weights: one.c.weights, inputs: one.inputs, outputs: found.list };
    return found.outputs;
  });
  return { graph: g, ...made as Omit<ImportedModel, "graph"> };
}

/** Refuses operators that the table hasn't, all at once. */
function checkOperators(proto: GraphProto, model: ModelProto): void {
  if (proto.nodes.length > MOST_NODES) {
    throw new OnnxError(`expected up to ${MOST_NODES} nodes, got ${proto.nodes.length}`);
  }
  const missing = new Set(proto.nodes.map(keyOf).filter((op) => op !== "If" && !isKnown(op)));
  if (missing.size === 0) return;
  const own = [...missing].filter((op) => model.functions.includes(op));
  const more = own.length > 0 ? `; the model defines ${own.join(", ")} itself, which is not supported` : "";
  throw new OnnxError(
    `expected operators that graphs have, got ${[...missing].toSorted().join(", ")}${more}`,
  );
}

function isKnown(op: string): boolean {
  return Object.hasOwn(ONNX_OPERATORS, op) || Object.hasOwn(FOLDS, op);
}

function keyOf({ domain, op }: NodeProto): string {
  return domain === "" ? op : `${domain}.${op}`;
}

/** The import of one model. */
class GraphImport {
  readonly c: ImportContext;
  readonly inputs: OnnxTensor[] = [];

  constructor(
    readonly b: BlockBuilder,
    readonly opset: number,
    readonly model: ModelProto,
    readonly options: ImportOptions,
  ) {
    this.c = new ImportContext(b);
  }

  run(proto: GraphProto): { readonly outputs: Record<string, Value>; readonly list: readonly OnnxTensor[] } {
    const scope: Scope = new Map();
    this.#initializers(proto, scope);
    checkNames(proto.inputs.filter((info) => !scope.has(info.name)), this.options.shapes);
    for (const info of proto.inputs) {
      if (!scope.has(info.name)) scope.set(info.name, this.#input(info));
    }
    this.#nodes(proto.nodes, scope);
    const outputs: Record<string, Value> = {}, list: OnnxTensor[] = [];
    for (const { name } of proto.outputs) {
      const item = lookUp(scope, name, "the outputs"), value = this.c.value(item), as = this.c.name(name);
      outputs[as] = value;
      list.push(tensorOf(name, as, item));
    }
    return { outputs, list };
  }

  #initializers(proto: GraphProto, scope: Scope): void {
    for (const t of proto.initializers) {
      const label = `initializer ${printable(JSON.stringify(t.name), 200)}`;
      const { type, dims, elements } = readTensorData(t, label, this.options.external);
      scope.set(t.name, knownItem(type, dims, elements, t.name));
    }
  }

  #input(info: ValueInfoProto): Item {
    const where = `input ${printable(JSON.stringify(info.name), 200)}`, type = elementTypeOf(info.type);
    if (info.kind !== "tensor") {
      throw new OnnxError(`expected a tensor, got a value of kind ${info.kind}, in ${where}`);
    }
    if (!type) {
      throw new OnnxError(`expected numbers or booleans, got ${elementTypeName(info.type)}, in ${where}`);
    }
    const shape = extentsOf(info, this.options.shapes, where), known = this.options.constants[info.name];
    if (known) {
      if (shape.some((d) => typeof d === "string")) {
        throw new OnnxError(`expected extents that are numbers, in ${where}`);
      }
      const dims = shape as readonly number[], size = dims.reduce((n, d) => n * d, 1);
      if (known.length !== size) {
        throw new OnnxError(`expected ${size} elements, got ${known.length}, in ${where}`);
      }
      return knownItem(type, dims, known, info.name);
    }
    if (shape.includes(0)) {
      throw new OnnxError(`expected extents of at least 1, got [${shape.join(", ")}], in ${where}`);
    }
    const as = this.c.name(info.name),
      item = this.c.of(type, this.b.input(as, shape, dtypeOf(type)));
    this.inputs.push(tensorOf(info.name, as, item));
    return item;
  }

  #nodes(nodes: readonly NodeProto[], scope: Scope): void {
    for (const proto of nodes) {
      const node = new OnnxNode(proto, this.model.opsets.get(proto.domain) ?? this.opset);
      const inputs = proto.inputs.map((x) => x === "" ? undefined : lookUp(scope, x, node.label));
      const made = this.#node(node, inputs, scope);
      const results = Array.isArray(made) ? made as readonly (Item | undefined)[] : [made as Item];
      proto.outputs.forEach((name, k) => {
        if (name === "") return;
        const item = results[k] ?? node.fail(`an output ${k} that graphs can have`, "none");
        if (!item.shape.every(isSmall)) node.fail("extents that are short expressions", "long ones");
        scope.set(name, item);
      });
    }
  }

  #node(
    node: OnnxNode,
    inputs: readonly (Item | undefined)[],
    scope: Scope,
  ): Item | readonly (Item | undefined)[] {
    const op = keyOf(node.proto);
    try {
      if (op === "If") return this.#branch(node, inputs, scope);
      const folded = Object.hasOwn(FOLDS, op) ? FOLDS[op]?.(node, inputs) : undefined;
      if (folded) return folded;
      const importer = Object.hasOwn(ONNX_OPERATORS, op) ? ONNX_OPERATORS[op] : undefined;
      if (!importer) return node.fail("values that are known at import", "values that only a run knows");
      return importer(node, inputs, this.c);
    } catch (e) {
      if (e instanceof OnnxError || !(e instanceof TunebookError)) throw e;
      throw new OnnxError(`${e.message}, in ${node.label}`, { cause: e });
    }
  }

  /** Takes the branch of a condition that is known at import. */
  #branch(node: OnnxNode, inputs: readonly (Item | undefined)[], scope: Scope): readonly Item[] {
    const condition = node.number(inputs, 0, "the condition");
    const proto = node.graph(condition ? "then_branch" : "else_branch"), inner: Scope = new Map(scope);
    checkOperators(proto, this.model);
    this.#initializers(proto, inner);
    this.#nodes(proto.nodes, inner);
    return proto.outputs.map(({ name }) => lookUp(inner, name, node.label));
  }
}

function lookUp(scope: Scope, name: string, where: string): Item {
  const item = scope.get(name);
  if (item) return item;
  throw new OnnxError(
    `expected a value that an earlier node gives, got ${printable(JSON.stringify(name), 200)}, in ${where}`,
  );
}

function tensorOf(name: string, as: string, item: Item): OnnxTensor {
  const shape = item.shape.map((d) => d.kind === "const" ? d.value : printExpr(d));
  return { name, as, type: item.type, dtype: dtypeOf(item.type), shape };
}
