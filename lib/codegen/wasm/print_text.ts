/** The instructions of a function for readers: one line a statement, values as expressions. */
import { identifier, Names } from "../names.ts";
import type { Instruction, WasmFunction } from "./assemble.ts";
import { operandsOf } from "./opcodes.ts";

/** What is being read of a block: the lines so far, and the values on the stack. */
interface Frame {
  readonly kind: "function" | "loop" | "if" | "else";
  readonly cond: string;
  readonly then: readonly string[];
  readonly thenValue: string | undefined;
  lines: string[];
  stack: string[];
}

/** Writes a function as text: `x = i32.add(a, 1)` is `a`, `1`, `i32.add`, `local.set x`. */
export function printText(name: string, func: WasmFunction): string {
  const names = new Names();
  const locals = [...func.params, ...func.locals].map((l) => names.fresh(l.name));
  const params = func.params.map((_, k) => locals[k]).join(", ");
  const open = (kind: Frame["kind"], cond = ""): Frame => ({
    kind,
    cond,
    then: [],
    thenValue: undefined,
    lines: [],
    stack: [],
  });
  const frames: Frame[] = [open("function")];
  const top = () => frames.at(-1) as Frame;
  for (const x of withoutConstants(func, locals)) {
    const [op, first = 0] = x, frame = top();
    switch (op) {
      case "loop":
        frames.push(open("loop"));
        break;
      case "if":
        frames.push(open("if", frame.stack.pop()));
        break;
      case "else":
        frames.pop();
        frames.push({ ...open("else", frame.cond), then: frame.lines, thenValue: frame.stack.pop() });
        break;
      case "end":
        frames.pop();
        close(frame, top());
        break;
      case "br_if":
        frame.lines.push(`repeat while ${frame.stack.pop()}`);
        break;
      case "local.set":
        frame.lines.push(`${locals[first]} = ${frame.stack.pop()}`);
        break;
      case "local.tee":
        frame.stack.push(`(${locals[first]} = ${frame.stack.pop()})`);
        break;
      case "local.get":
        frame.stack.push(locals[first] ?? "");
        break;
      default: {
        const count = operandsOf(op);
        const operands = count === 0 ? [] : frame.stack.splice(-count);
        const text = call(x, operands);
        if (op.includes(".store")) frame.lines.push(text);
        else frame.stack.push(text);
      }
    }
  }
  return [`// ${identifier(name)}`, `run(${params}) {`, ...indented(top().lines), "}", ""].join("\n");
}

/** Names the vectors that a function begins with by their values, and leaves their lines out. */
function withoutConstants({ params, locals, code }: WasmFunction, names: string[]): readonly Instruction[] {
  let at = 0;
  for (;; at += 2) {
    const [value, set] = [code[at], code[at + 1]];
    const index = set?.[0] === "local.set" ? set[1] ?? 0 : -1;
    const isConstant = value?.[0] === "v128.const" && locals[index - params.length]?.isConstant;
    if (!value || !isConstant) return code.slice(at);
    names[index] = call(value, []);
  }
}

function close(frame: Frame, outer: Frame): void {
  if (frame.kind === "loop") return void outer.lines.push("loop {", ...indented(frame.lines), "}");
  const value = frame.stack.pop(),
    [then, otherwise] = frame.kind === "else" ? [frame.then, frame.lines] : [frame.lines, []];
  if (then.length > 0 || otherwise.length > 0) {
    outer.lines.push(`if (${frame.cond}) {`, ...indented(then));
    if (otherwise.length > 0) outer.lines.push("} else {", ...indented(otherwise));
    outer.lines.push("}");
  }
  if (value !== undefined) outer.stack.push(`(${frame.cond} ? ${frame.thenValue} : ${value})`);
}

function call([op, ...immediates]: Instruction, operands: readonly string[]): string {
  switch (op) {
    case "i32.const":
    case "f32.const":
      return number(immediates[0] ?? 0);
    case "v128.const":
      return vector(Uint8Array.from(immediates));
    default: {
      if (op.includes(".load") || op.includes(".store")) {
        const [address = "", ...values] = operands, [, offset = 0] = immediates;
        const place = offset === 0 ? address : `${address} + ${offset}`;
        return `${op}(${[place, ...values].join(", ")})`;
      }
      const lanes = op === "i8x16.shuffle" ? [`[${immediates.join(" ")}]`] : immediates.map(String);
      return `${op}(${[...operands, ...lanes].join(", ")})`;
    }
  }
}

/** A vector as it is read best: small integers, or else floats. */
function vector(bytes: Uint8Array<ArrayBuffer>): string {
  const ints = [...new Int32Array(bytes.buffer)], floats = [...new Float32Array(bytes.buffer)];
  const isInteger = ints.every((x) => Math.abs(x) < 2 ** 23 || x === -(2 ** 31));
  const lanes = (isInteger ? ints : floats).map(number);
  const suffix = isInteger ? "i32x4" : "f32x4";
  return lanes.every((x) => x === lanes[0]) ? `${suffix}(${lanes[0]})` : `${suffix}(${lanes.join(", ")})`;
}

function number(x: number): string {
  return Object.is(x, -0) ? "-0" : `${x}`;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
