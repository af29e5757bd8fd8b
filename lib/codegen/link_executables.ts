/** Links compiled functions into one program: their kernels, one after the other, on shared buffers. */
import type { ExprJson } from "../ir/json.ts";
import type { Requirement } from "../ir/requirement.ts";
import { LowerError } from "../lower/error.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import { ARENA } from "./arena.ts";
import {
  type BufferSpec,
  type Executable,
  isGiven,
  type Launch,
  type LaunchBinding,
  type TextureCopy,
} from "./executable.ts";
import type { LinkedCall, LinkedValue } from "./linked_call.ts";
import { bytesIn, larger, texelsIn } from "./linked_sizes.ts";
import { LinkedTextures } from "./linked_textures.ts";

/** What {@linkcode linkExecutables} makes a program of. */
export interface Linked {
  /** The name of the program. */
  readonly name: string;
  /** The language of its kernels. */
  readonly language: KernelLanguage;
  /** Names of its shape variables. */
  readonly shapeVars: readonly string[];
  /** Inputs and outputs in order; temps are found in the calls. */
  readonly params: readonly LinkedValue[];
  /** The calls in the order in which they run. */
  readonly calls: readonly LinkedCall[];
  /** What its shape variables must keep to, besides what the functions ask. */
  readonly requires: readonly Requirement[];
  /**
   * For each storage the storages before it that it must lie behind, in one arena. Default: each storage is a buffer of its
   * own.
   */
  readonly behind?: readonly (readonly number[])[];
}

/** Lists the temps of a function with their bytes, as expressions of its shape variables. */
export function tempsOf(exe: Executable): readonly { readonly spec: BufferSpec; readonly bytes: ExprJson }[] {
  return exe.buffers.filter((b) => b.role === "temp").map((spec) => ({ spec, bytes: bytesIn(spec) }));
}

/**
 * Links functions into one program. Values and temps that share a storage share one buffer, as large as the largest of them.
 * In an arena, they are parts of one buffer, which a kernel can't bind both for reading and for writing: it binds all of
 * them for both. A buffer that a function prepares belongs to its call.
 *
 * @throws {LowerError} for an input that two functions want in different kinds of memory
 */
export function linkExecutables(linked: Linked): Executable {
  const { name, language, shapeVars, params, calls, requires, behind } = linked;
  const buffer = { kind: "buffer" } as const;
  const storages = new Map<number, ExprJson>();
  const grow = (storage: number, bytes: ExprJson): Place => {
    const known = storages.get(storage);
    storages.set(storage, known === undefined ? bytes : larger(known, bytes));
    return behind ? { name: ARENA, slot: storage } : { name: storageName(storage) };
  };
  const inputs = new Map<string, BufferSpec>(), prepared: BufferSpec[] = [];
  const textures = new LinkedTextures();
  const launches = calls.flatMap((call, k): readonly Launch[] => {
    const names = new Map<string, Place>();
    const copies = new Map<string, TextureCopy>();
    const { executable, args, results, workspace } = call, { buffers } = executable;
    const given = buffers.filter(isGiven);
    const made = buffers.filter((b) => b.role === "output");
    const of = (list: readonly LinkedValue[]) => (spec: BufferSpec, n: number) =>
      [spec, list[n] as LinkedValue] as const;
    [...given.map(of(args)), ...made.map(of(results))].forEach(([spec, value], n) => {
      const copied = call.textures[n], isCopied = copied !== undefined;
      if (value.role === "input") takeInput(inputs, value, isCopied ? { ...spec, storage: buffer } : spec);
      const place = value.role === "temp"
        ? { ...grow(value.storage as number, bytesIn(value)), view: spec }
        : { name: value.name };
      if (!isCopied) {
        names.set(spec.name, place);
        return;
      }
      const texture = textures.take(value, spec, copied);
      names.set(spec.name, { name: texture.name });
      if (texture.isFilled) return;
      const { slot } = place as Place;
      copies.set(spec.name, {
        from: place.name,
        ...(slot === undefined ? {} : { slot }),
        to: texture.name,
        texels: texelsIn(value),
      });
    });
    for (const [n, { role }] of given.entries()) {
      if (role === "inPlace") textures.forget(args[n] as LinkedValue);
    }
    tempsOf(executable).forEach(({ spec, bytes }, n) => {
      names.set(spec.name, { ...grow(workspace[n] as number, bytes), view: spec });
    });
    for (const spec of executable.buffers.filter((b) => b.role === "prepared")) {
      const renamed = { ...spec, name: `call.${k}.${spec.name}` };
      prepared.push(renamed);
      names.set(spec.name, { name: renamed.name });
    }
    return withCopies(executable.launches, copies).map((l) => placed(l, names));
  });
  const slots = behind?.map((list, n) => ({ bytes: storages.get(n) as ExprJson, behind: list })) ?? [];
  return {
    name,
    language,
    shapeVars,
    buffers: [
      ...params.map(({ name, dtype, shape, role }): BufferSpec =>
        inputs.get(name) ?? { name, dtype, shape, role, storage: buffer }
      ),
      ...(behind
        ? [{ name: ARENA, dtype: "u32", shape: [], role: "temp", storage: buffer, slots } as const]
        : [...storages].map(([n, bytes]): BufferSpec => ({
          name: storageName(n),
          dtype: "u32",
          shape: [["floordiv", bytes, 4]],
          role: "temp",
          storage: buffer,
        }))),
      ...textures.specs,
      ...prepared,
    ],
    launches,
    requires: distinct([...requires, ...calls.flatMap((c) => c.executable.requires ?? [])]),
  };
}

/** Launches with the copies that go before the first that reads them, and before each that prepares. */
function withCopies(
  launches: readonly Launch[],
  copies: ReadonlyMap<string, TextureCopy>,
): readonly Launch[] {
  const left = new Map(copies);
  return launches.map((l) => {
    const names = l.bindings.map((b) => b.name);
    const own = [...(l.prepares ? copies : left)].filter(([name]) => names.includes(name));
    if (!l.prepares) { for (const [name] of own) left.delete(name); }
    return own.length === 0 ? l : { ...l, copies: own.map(([, copy]) => copy) };
  });
}

/** Where a buffer of a function lies in the program. */
interface Place extends Pick<LaunchBinding, "name" | "slot"> {
  /** What the function takes it for. */
  readonly view?: BufferSpec;
}

/** A launch on the program's buffers. */
function placed(launch: Launch, names: ReadonlyMap<string, Place>): Launch {
  const bindings = launch.bindings.map((b): LaunchBinding => {
    const { name, slot, view } = names.get(b.name) as Place;
    return {
      name,
      access: slot === undefined || b.access === "atomic" ? b.access : "readWrite",
      ...(slot === undefined ? {} : { slot }),
      ...(view ? { view: { dtype: view.dtype, shape: view.shape } } : {}),
    };
  });
  const source = bindings.reduce(
    (text, { slot }, n) => slot === undefined ? text : writable(text, n),
    launch.source,
  );
  return { ...launch, source, bindings };
}

/** The WGSL of a kernel that binds buffer `n` for writing too; other languages don't say. */
function writable(source: string, n: number): string {
  return source.replace(`@binding(${n}) var<storage, read> `, `@binding(${n}) var<storage, read_write> `);
}

/** Tells how a function holds an input: in a texture of rows, they are those of the shape that the function has for it. */
export function memoryOf({ storage, shape }: BufferSpec): string {
  const isRows = storage.kind === "texture" && storage.layout.kind === "rows";
  return JSON.stringify(isRows ? [storage, shape] : storage);
}

/** An input is in the memory that the functions want it in. */
function takeInput(inputs: Map<string, BufferSpec>, value: LinkedValue, spec: BufferSpec): void {
  const known = inputs.get(value.name), { storage } = spec;
  if (known && memoryOf(known) !== memoryOf(spec)) {
    throw new LowerError(
      `expected ${value.name} in one kind of memory, got ${known.storage.kind} and ${storage.kind}; schedule the ` +
        `functions that read it for buffers`,
    );
  }
  const { name, dtype, shape } = value;
  // Rows of a texture are those of the function.
  const rows = storage.kind === "texture" ? { shape: spec.shape, given: shape } : { shape };
  inputs.set(name, { name, dtype, ...rows, role: "input", storage });
}

/** A name that no value has: theirs have no dot. */
function storageName(n: number): string {
  return `storage.${n}`;
}

function distinct(requires: readonly Requirement[]): readonly Requirement[] {
  return [...new Map(requires.map((r) => [JSON.stringify([r.value, r.atMost]), r])).values()];
}
