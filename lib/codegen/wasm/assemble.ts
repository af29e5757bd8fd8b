/** A small assembler: functions as lists of instructions become the bytes of a module. */
import { immediateOf, type Op, OPCODES, TYPES, type WasmType } from "./opcodes.ts";

/** An instruction with its immediates. */
export type Instruction = readonly [op: Op, ...immediates: readonly number[]];

/** A local of a function; its name is for readers. */
export interface Local {
  /** The name. */
  readonly name: string;
  /** The type of its value. */
  readonly type: WasmType;
  /** True if the function begins by giving it a value that stays. */
  readonly isConstant?: boolean;
}

/** A function without results. */
export interface WasmFunction {
  /** The name that it is exported by. */
  readonly name: string;
  /** Its parameters: the first locals. */
  readonly params: readonly Local[];
  /** The other locals. */
  readonly locals: readonly Local[];
  /** Its body, without the last `end`. */
  readonly code: readonly Instruction[];
}

/** The type of a block without a result. */
export const NO_RESULT = 0x40;

/** Assembles a module that imports the memory `env.memory` and exports one function. */
export function assemble(func: WasmFunction): Uint8Array<ArrayBuffer> {
  const out: number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const signature = [0x60, ...unsigned(func.params.length), ...func.params.map((p) => TYPES[p.type]), 0];
  section(out, 1, [signature]);
  section(out, 2, [[...text("env"), ...text("memory"), 2, 0, 0]]);
  section(out, 3, [[0]]);
  section(out, 7, [[...text(func.name), 0, 0]]);
  section(out, 10, [bodyOf(func)]);
  return Uint8Array.from(out);
}

function bodyOf({ locals, code }: WasmFunction): readonly number[] {
  const groups: [count: number, type: WasmType][] = [];
  for (const { type } of locals) {
    const last = groups.at(-1);
    if (last?.[1] === type) last[0]++;
    else groups.push([1, type]);
  }
  const body = [...unsigned(groups.length), ...groups.flatMap(([n, t]) => [...unsigned(n), TYPES[t]])];
  for (const x of code) encode(body, x);
  body.push(0x0b);
  const size = unsigned(body.length);
  body.unshift(...size);
  return body;
}

/** Appends the bytes of an instruction. */
function encode(out: number[], [op, ...immediates]: Instruction): void {
  const opcode = OPCODES[op], prefix = opcode >> 16;
  if (prefix === 0) out.push(opcode);
  else out.push(prefix, ...unsigned(opcode & 0xffff));
  const [first = 0, second = 0, third = 0] = immediates;
  // Its immediate is the list of the types of its result.
  if (op === "select_v128") return void out.push(1, TYPES.v128);
  const kind = immediateOf(op);
  switch (kind) {
    case "none":
      return;
    case "index":
      return void out.push(...unsigned(first));
    case "i32":
      return void out.push(...signed(first));
    case "f32":
      return void out.push(...new Uint8Array(Float32Array.of(first).buffer));
    case "memory":
      return void out.push(first, ...unsigned(second));
    case "memoryLane":
      return void out.push(first, ...unsigned(second), third);
    case "lane":
    case "block":
      return void out.push(first);
    case "bytes":
      return void out.push(...immediates);
    default:
      kind satisfies never;
  }
}

function section(out: number[], id: number, items: readonly (readonly number[])[]): void {
  const count = unsigned(items.length);
  const length = items.reduce((n, x) => n + x.length, count.length);
  out.push(id, ...unsigned(length), ...count);
  for (const item of items) for (const byte of item) out.push(byte);
}

function text(name: string): readonly number[] {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

/** An unsigned integer in LEB128: seven bits a byte, the lowest first. */
export function unsigned(value: number): readonly number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

/** A signed 32-bit integer in LEB128. */
export function signed(value: number): readonly number[] {
  const out: number[] = [];
  for (let rest = value | 0;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    out.push(done ? low : low | 0x80);
    if (done) return out;
  }
}

/**
 * Gives a module whose memory is shared between threads: the same code, but another import.
 *
 * @param pages the most pages that the memory may have
 */
export function withSharedMemory(module: Uint8Array<ArrayBuffer>, pages: number): Uint8Array<ArrayBuffer> {
  const out: number[] = [...module.subarray(0, 8)];
  for (let at = 8; at < module.length;) {
    const id = module[at] as number;
    const [size, begin] = readUnsigned(module, at + 1);
    if (id !== 2) out.push(...module.subarray(at, begin + size));
    else section(out, 2, [[...text("env"), ...text("memory"), 2, 3, 0, ...unsigned(pages)]]);
    at = begin + size;
  }
  return Uint8Array.from(out);
}

function readUnsigned(bytes: Uint8Array, from: number): readonly [value: number, next: number] {
  let value = 0;
  for (let at = from, shift = 0;; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if ((byte & 0x80) === 0) return [value, at + 1];
  }
}
