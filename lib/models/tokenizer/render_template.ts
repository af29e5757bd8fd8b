/** Renders untrusted Jinja templates: within a number of steps, and with results of bounded sizes. */
import { messageOf } from "../../base/error.ts";
import { Environment, Interpreter, Template } from "npm:@huggingface/jinja@0.5.11";
import { ModelError } from "../error.ts";

/** The most characters of a template, of white space in a row there, and of a text that it makes. */
const LONGEST_TEMPLATE = 2 ** 17, LONGEST_SPACE = 2 ** 10, LONGEST_TEXT = 2 ** 22;
/** The most work of a rendering: nodes that are evaluated, elements of lists, and 16 characters each. */
const MOST_WORK = 2 ** 20;
/** The most work that a list or an object stands for, and how deep lists are. */
const HEAVIEST = 2 ** 18, DEEPEST = 64;

/** What a template is rendered with. */
export interface RenderOptions {
  /** The time that `strftime_now` gives. Default: the current time. */
  readonly now?: Date;
  /** The file that errors name. Default: the chat template. */
  readonly file?: string;
}

/**
 * Renders a Jinja template.
 *
 * @throws {ModelError} for a template that is none, raises an error, or exceeds a limit
 */
export function renderTemplate(
  template: string,
  variables: Readonly<Record<string, unknown>>,
  { now = new Date(), file = "the chat template" }: RenderOptions = {},
): string {
  if (template.length > LONGEST_TEMPLATE) {
    throw new ModelError(
      `expected a template of up to ${LONGEST_TEMPLATE} characters, got ${template.length}, in ${file}`,
    );
  }
  // The parser takes time that grows with the square of white space.
  if (new RegExp(`\\s{${LONGEST_SPACE + 1}}`).test(template)) {
    throw new ModelError(
      `expected up to ${LONGEST_SPACE} characters of white space in a row, got more, in ${file}`,
    );
  }
  try {
    const environment = new Environment();
    const all = { ...globals(now), ...variables };
    for (const [name, value] of Object.entries(all)) {
      environment.variables.delete(name);
      environment.set(name, value);
    }
    const { value } = new Limited(environment).run(new Template(template).parsed);
    return String(value);
  } catch (e) {
    // A deep template overflows the stack, and a text of 2^29 characters isn't a text any more: RangeErrors.
    throw new ModelError(`expected a chat template that renders, got an error (${messageOf(e)}), in ${file}`);
  }
}

function globals(now: Date): Readonly<Record<string, unknown>> {
  const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
  return {
    ...constants,
    raise_exception: (why: unknown) => {
      throw new Error(String(why));
    },
    range: (first: number, last?: number, step = 1) => {
      const [begin, end] = last === undefined ? [0, first] : [first, last];
      const length = Math.max(0, Math.ceil((end - begin) / step));
      if (!(length <= HEAVIEST)) throw new Error(`expected a range of up to ${HEAVIEST}, got ${length}`);
      return Array.from({ length }, (_, k) => begin + k * step);
    },
    strftime_now: (format: string) => formattedTime(now, format),
  };
}

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Formats a time as C's strftime does in English, by the codes that templates use. */
function formattedTime(now: Date, format: string): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const month = MONTHS[now.getMonth()] ?? "", day = DAYS[now.getDay()] ?? "";
  const codes: Readonly<Record<string, string>> = {
    Y: String(now.getFullYear()),
    m: two(now.getMonth() + 1),
    d: two(now.getDate()),
    B: month,
    b: month.slice(0, 3),
    A: day,
    a: day.slice(0, 3),
    H: two(now.getHours()),
    M: two(now.getMinutes()),
    S: two(now.getSeconds()),
    "%": "%",
  };
  return String(format).replace(/%([a-zA-Z%])/g, (all, code: string) => codes[code] ?? all);
}

type Value = ReturnType<Interpreter["evaluate"]>;
type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;
type Scope = Parameters<Interpreter["evaluate"]>[1];

/** A node that has been evaluated. */
interface Evaluated extends Node {
  readonly type: "Evaluated";
  readonly result: Value;
}

/** Nodes as the parser makes them. */
interface CallNode extends Node {
  readonly callee: Node & {
    readonly value?: unknown;
    readonly object?: Node;
    readonly property?: { readonly value?: unknown };
  };
  readonly args: readonly Node[];
}
interface FilterExpression extends Node {
  readonly operand: Node;
  readonly filter: Node;
}
interface FilterStatement extends Node {
  readonly body: readonly Node[];
  readonly filter: Node;
}
interface CallStatement extends Node {
  readonly call: CallNode;
}
interface MemberNode extends Node {
  /** The node is what a call calls. */
  readonly called?: boolean;
}

/** Nodes that only look something up, so that what they look up costs nothing. */
const LOOKUPS: ReadonlySet<string> = new Set(["Identifier", "MemberExpression", "Set", "If", "Ternary"]);

/** An interpreter that counts what it does. */
class Limited extends Interpreter {
  #work = 0;
  /** Work that the results of a node's children stand for. */
  #children = 0;
  readonly #weights = new WeakMap<object, number>();

  override evaluate(node: Node | undefined, scope: Scope): Value {
    if (node?.type === "Evaluated") return (node as Evaluated).result;
    this.#spend(1);
    const before = this.#children;
    this.#children = 0;
    const result = super.evaluate(node && this.#guarded(node, scope), scope);
    if (node?.type === "MemberExpression" && isFunction(result) && !(node as MemberNode).called) {
      throw new Error("a method isn't called where it is named");
    }
    if (node && !LOOKUPS.has(node.type)) this.#spend(this.#children);
    this.#children = before + this.#weigh(result, 0);
    return result;
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MOST_WORK) throw new Error(`it takes more than ${MOST_WORK} steps`);
  }

  /** Measures a value: a limit for what it would be as text. */
  #weigh(value: Value, depth: number): number {
    const { type, value: own } = value as { readonly type: string; readonly value: unknown };
    if (typeof own === "string") {
      if (own.length > LONGEST_TEXT) throw new Error(`a text has more than ${LONGEST_TEXT} characters`);
      return 1 + own.length / 16;
    }
    if (typeof own !== "object" || own === null) return 1;
    if (type === "NamespaceValue" && depth > 0) throw new Error("a namespace is in a list");
    if (depth > DEEPEST) throw new Error(`lists are more than ${DEEPEST} deep`);
    const known = type === "NamespaceValue" ? undefined : this.#weights.get(own);
    if (known !== undefined) return known;
    const elements = (own instanceof Map ? own.values() : Array.isArray(own) ? own : []) as Iterable<Value>;
    let weight = 1;
    for (const element of elements) {
      weight += this.#weigh(element, depth + 1);
      if (weight > HEAVIEST) throw new Error(`a list stands for more than ${HEAVIEST} elements`);
    }
    this.#weights.set(own, weight);
    return weight;
  }

  /** Evaluates what a filter or a method is given, and checks how large its result is going to be. */
  #guarded(node: Node, scope: Scope): Node {
    switch (node.type) {
      case "FilterStatement": {
        const { body, filter } = node as FilterStatement;
        return this.#guardedFilter(filter, { type: "Program", body } as Node, scope);
      }
      case "FilterExpression": {
        const { operand, filter } = node as FilterExpression;
        return this.#guardedFilter(filter, operand, scope);
      }
      case "CallStatement":
        if ((node as CallStatement).call.callee.type === "Identifier") return node;
        throw new Error("a call block calls a method");
      case "CallExpression": {
        const { callee, args } = node as CallNode;
        if (callee.type !== "MemberExpression" || !callee.object) return node;
        const object = this.#evaluated(callee.object, scope);
        const own = args.map((a) => this.#evaluatedArgument(a, scope));
        this.#checkSize(String(callee.property?.value), object.result, own);
        return { ...node, callee: { ...callee, object, called: true }, args: own } as Node;
      }
      default:
        return node;
    }
  }

  #guardedFilter(filter: Node, on: Node, scope: Scope): Node {
    const operand = this.#evaluated(on, scope), { callee, args } = filter as CallNode;
    if (filter.type !== "CallExpression") return { type: "FilterExpression", operand, filter } as Node;
    const own = args.map((a) => this.#evaluatedArgument(a, scope));
    this.#checkSize(String(callee.value), operand.result, own);
    return { type: "FilterExpression", operand, filter: { ...filter, args: own } } as Node;
  }

  #checkSize(name: string, on: Value, args: readonly Node[]): void {
    const size = sizeOf(name, on, this.#weigh(on, 0), args.map(valueOf));
    if (size > LONGEST_TEXT) throw new Error(`${name} makes more than ${LONGEST_TEXT} characters`);
  }

  #evaluated(node: Node, scope: Scope): Evaluated {
    return { type: "Evaluated", result: this.evaluate(node, scope) };
  }

  #evaluatedArgument(node: Node, scope: Scope): Node {
    switch (node.type) {
      case "KeywordArgumentExpression":
        return {
          ...node,
          value: this.#evaluated((node as Node & { readonly value: Node }).value, scope),
        } as Node;
      case "StringLiteral":
      case "IntegerLiteral":
        // Some filters take literals only.
        return node;
      case "SpreadExpression":
      case "KeywordSpreadExpression":
        throw new Error("a call has unpacked arguments");
      default:
        return this.#evaluated(node, scope);
    }
  }
}

function isFunction(value: Value): boolean {
  return (value as { readonly type: string }).type === "FunctionValue";
}

/** The value of an argument that has been evaluated, or that is a literal. */
function valueOf(node: Node): unknown {
  const { value } = node as Node & { readonly value?: unknown };
  if (node.type === "KeywordArgumentExpression") return valueOf(value as Node);
  return node.type === "Evaluated"
    ? ((node as Evaluated).result as { readonly value: unknown }).value
    : value;
}

/** An upper bound of the characters that a filter or a method makes of a text of `length` characters, or of a list. */
function sizeOf(name: string, on: Value, weight: number, values: readonly unknown[]): number {
  const own = (on as { readonly value: unknown }).value;
  const texts = values.filter((v) => typeof v === "string"),
    numbers = values.filter((v) => typeof v === "number");
  const length = typeof own === "string" || Array.isArray(own) ? own.length : 1;
  const longest = Math.max(0, ...texts.map((t) => t.length)), widest = Math.max(0, ...numbers);
  switch (name) {
    case "replace":
      return (length / Math.max(1, texts[0]?.length ?? 1) + 1) * (texts[1]?.length ?? 0);
    case "join":
      return length * longest;
    case "indent":
      return length * widest;
    case "tojson": {
      const lists = values.filter(Array.isArray).flat() as readonly { readonly value: unknown }[];
      const separators = lists.reduce((n, v) => n + String(v.value).length, 0);
      return weight * (widest * 8 + separators);
    }
    default:
      return 0;
  }
}
