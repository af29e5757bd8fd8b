/** Reads executables from JSON, as a cache holds them. It is untrusted input: every field is checked. */
import { TunebookError } from "../base/error.ts";
import { STORAGE_TYPES } from "../ir/stored.ts";
import { quoteJson, readList, readNumber, readOneOf, readRecord, readText } from "../ir/json_fields.ts";
import type { ExprJson } from "../ir/json.ts";
import { readIndexExpr } from "../ir/read_index_expr.ts";
import { readRequirements } from "../ir/requirement.ts";
import { CAPABILITIES, type KernelLanguage } from "../target/capabilities.ts";
import type { TextureLayout } from "../target/texture.ts";
import type { ArenaSlot } from "./arena.ts";
import type { BufferSpec, Executable, Launch, LaunchBinding, TextureCopy } from "./executable.ts";

const LANGUAGES = Object.keys(CAPABILITIES) as readonly KernelLanguage[];
const ROLES = Object.keys(
  { input: 0, output: 0, inPlace: 0, temp: 0, prepared: 0 } satisfies Record<BufferSpec["role"], 0>,
) as readonly BufferSpec["role"][];
const ACCESSES = ["read", "readWrite", "atomic", "sample"] as const;

/**
 * Reads an executable from JSON data.
 *
 * @throws {TunebookError} where a field is missing or not of its kind, and where a kernel binds a buffer that there isn't
 */
export function readExecutable(json: unknown): Executable {
  const { name, language, shapeVars, buffers, launches, requires } = readRecord(json);
  const vars = readList(shapeVars).map(readText);
  const specs = readList(buffers).map((b) => readBuffer(b, vars));
  const names = new Map(specs.map((b) => [b.name, b]));
  if (names.size < specs.length) throw new TunebookError("expected buffers of distinct names");
  return {
    name: readText(name),
    language: readOneOf(language, LANGUAGES),
    shapeVars: vars,
    buffers: specs,
    launches: readList(launches).map((l) => readLaunch(l, names, vars)),
    ...(requires === undefined ? {} : { requires: readRequirements(requires, vars) }),
  };
}

function readBuffer(x: unknown, vars: readonly string[]): BufferSpec {
  const { name, dtype, shape, given, role, storage, slots } = readRecord(x);
  return {
    name: readText(name),
    dtype: readOneOf(dtype, STORAGE_TYPES),
    shape: readShape(shape, vars),
    ...(given === undefined ? {} : { given: readShape(given, vars) }),
    role: readOneOf(role, ROLES),
    storage: readStorage(storage),
    ...(slots === undefined ? {} : { slots: readList(slots).map((s, k) => readSlot(s, k, vars)) }),
  };
}

function readSlot(x: unknown, index: number, vars: readonly string[]): ArenaSlot {
  const { bytes, behind } = readRecord(x), before = readList(behind).map(readIndex);
  const late = before.find((k) => k >= index);
  if (late === undefined) return { bytes: readIndexExpr(bytes, vars), behind: before };
  throw new TunebookError(`expected slot ${index} of an arena to lie behind earlier ones, got ${late}`);
}

function readIndex(x: unknown): number {
  if (typeof x === "number" && Number.isSafeInteger(x) && x >= 0) return x;
  throw new TunebookError(`expected an index, got ${quoteJson(x)}`);
}

function readShape(x: unknown, vars: readonly string[]): readonly ExprJson[] {
  return readList(x).map((d) => readIndexExpr(d, vars));
}

function readStorage(x: unknown): BufferSpec["storage"] {
  const { kind, layout, access } = readRecord(x);
  const known = readOneOf(kind, ["buffer", "uniform", "texture"] as const);
  if (known !== "texture") return { kind: known };
  return {
    kind: known,
    layout: readLayout(layout),
    access: readOneOf(access, ["sample", "read"] as const),
  };
}

function readLayout(x: unknown): TextureLayout {
  const { kind, pack, width } = readRecord(x);
  const known = readOneOf(kind, ["rows", "flat"] as const);
  return known === "rows" ? { kind: known, pack: readCount(pack) } : { kind: known, width: readCount(width) };
}

function readLaunch(x: unknown, names: ReadonlyMap<string, BufferSpec>, vars: readonly string[]): Launch {
  const l = readRecord(x);
  const expr = (e: unknown) => readIndexExpr(e, vars);
  return {
    name: readText(l.name),
    ...(l.entryPoint === undefined ? {} : { entryPoint: readText(l.entryPoint) }),
    prepares: readFlag(l.prepares),
    source: readSource(l.source),
    ...(l.module === undefined ? {} : { module: readSource(l.module) }),
    ...(l.scratchBytes === undefined ? {} : { scratchBytes: readIndex(l.scratchBytes) }),
    workgroupSize: three(l.workgroupSize, readCount),
    grid: three(l.grid, expr),
    folded: readFlag(l.folded),
    bindings: readList(l.bindings).map((b) => readBinding(b, names, vars)),
    ...(l.copies === undefined ? {} : { copies: readList(l.copies).map((c) => readCopy(c, names, vars)) }),
    uniforms: readList(l.uniforms).map((u) => readOneOf(u, vars)),
    loops: readList(l.loops).map((nest) => readList(nest).map(expr)),
    f16: readFlag(l.f16),
    sharedBytes: readNumber(l.sharedBytes),
  };
}

function readCopy(x: unknown, names: ReadonlyMap<string, BufferSpec>, vars: readonly string[]): TextureCopy {
  const { from, slot, to, texels } = readRecord(x);
  const [source, part] = readPlace(from, slot, names), [texture] = readPlace(to, undefined, names);
  if (source.storage.kind === "texture") {
    throw new TunebookError(`expected a copy of a buffer, got one of the texture ${quoteJson(from)}`);
  }
  if (texture.storage.kind !== "texture" || texture.role !== "temp") {
    throw new TunebookError(`expected a copy to a texture of the program, got one to ${quoteJson(to)}`);
  }
  return { from: source.name, ...part, to: texture.name, texels: readIndexExpr(texels, vars) };
}

/** Reads the name of a buffer, and its slot if it is an arena. */
function readPlace(
  name: unknown,
  slot: unknown,
  names: ReadonlyMap<string, BufferSpec>,
): readonly [BufferSpec, Pick<LaunchBinding, "slot">] {
  const spec = names.get(readText(name));
  if (!spec) throw new TunebookError(`expected a buffer of the program, got ${quoteJson(name)}`);
  const { length } = spec.slots ?? [];
  if ((slot === undefined) === (length > 0) || (slot !== undefined && readIndex(slot) >= length)) {
    throw new TunebookError(`expected one of ${length} slots of ${quoteJson(name)}, got ${quoteJson(slot)}`);
  }
  return [spec, slot === undefined ? {} : { slot: readIndex(slot) }];
}

function readBinding(
  x: unknown,
  names: ReadonlyMap<string, BufferSpec>,
  vars: readonly string[],
): LaunchBinding {
  const { name, access, view, slot } = readRecord(x);
  const [spec, part] = readPlace(name, slot, names);
  const common = { name: spec.name, access: readOneOf(access, ACCESSES), ...part };
  if (view === undefined) return common;
  const { dtype, shape } = readRecord(view);
  return { ...common, view: { dtype: readOneOf(dtype, STORAGE_TYPES), shape: readShape(shape, vars) } };
}

function three<T>(x: unknown, read: (x: unknown) => T): readonly [T, T, T] {
  const list = readList(x).map(read);
  if (list.length !== 3) throw new TunebookError(`expected three of them, got ${list.length}`);
  return list as unknown as readonly [T, T, T];
}

function readSource(x: unknown): string {
  if (typeof x !== "string") throw new TunebookError(`expected the text of a kernel, got ${quoteJson(x)}`);
  return x;
}

function readFlag(x: unknown): boolean {
  if (typeof x !== "boolean") throw new TunebookError(`expected true or false, got ${quoteJson(x)}`);
  return x;
}

function readCount(x: unknown): number {
  const n = readNumber(x);
  if (Number.isSafeInteger(n) && n > 0) return n;
  throw new TunebookError(`expected a positive integer, got ${n}`);
}
