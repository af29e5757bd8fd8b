import type { Load, Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, For, ThreadTag } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import type { IndexMap } from "./index_map.ts";
import { apply, type Step } from "./step.ts";
import { STEP_LIMIT, Trace } from "./trace.ts";
import { blocksOf, consumersOf, findBlock, findLoop, inputsOf, producersOf, written } from "./query.ts";

/** A program under scheduling: applies steps to it and records them. */
export class Schedule {
  #func: PrimFunc;
  readonly #start: PrimFunc;
  readonly #steps: Step[] = [];

  constructor(func: PrimFunc) {
    this.#func = this.#start = func;
  }

  /** The program before all steps. */
  get start(): PrimFunc {
    return this.#start;
  }
  /** The program as scheduled so far. */
  get func(): PrimFunc {
    return this.#func;
  }
  /** The steps so far. */
  get trace(): Trace {
    return Trace.of(this.#start, this.#steps);
  }

  #do(step: Step): readonly string[] {
    if (this.#steps.length >= STEP_LIMIT) {
      throw new ScheduleError(`cannot ${step.op}: the schedule has ${STEP_LIMIT} steps, which is the most`);
    }
    const { func, made } = apply(this.#func, step);
    this.#func = func;
    this.#steps.push(step);
    return made;
  }
  #one(step: Step): string {
    return this.#do(step)[0] as string;
  }

  /** Names of the loops that it makes, one a factor, outermost first. */
  split<const Factors extends readonly (number | null)[]>(
    loop: string,
    factors: Factors,
  ): { readonly [K in keyof Factors]: string } {
    const made = this.#do({ op: "split", loop, factors: [...factors] });
    return made as { readonly [K in keyof Factors]: string };
  }
  fuse(...loops: readonly string[]): string {
    return this.#one({ op: "fuse", loops });
  }
  mergeLoops(...loops: readonly string[]): string {
    return this.#one({ op: "mergeLoops", loops });
  }
  reorder(...loops: readonly string[]): void {
    this.#do({ op: "reorder", loops });
  }
  bind(loop: string, thread: ThreadTag | "vthread"): void {
    this.#do({ op: "bind", loop, thread });
  }
  vectorize(loop: string): void {
    this.#do({ op: "vectorize", loop });
  }
  unroll(loop: string): void {
    this.#do({ op: "unroll", loop });
  }
  parallel(loop: string): void {
    this.#do({ op: "parallel", loop });
  }
  addUnitLoop(block: string): string {
    return this.#one({ op: "addUnitLoop", block });
  }
  cacheRead(block: string, buffer: string, scope: Scope): string {
    return this.#one({ op: "cacheRead", block, buffer, scope });
  }
  cacheWrite(block: string, scope: Scope): string {
    return this.#one({ op: "cacheWrite", block, scope });
  }
  computeAt(block: string, loop: string): readonly string[] {
    return this.#do({ op: "computeAt", block, loop });
  }
  reverseComputeAt(block: string, loop: string): readonly string[] {
    return this.#do({ op: "reverseComputeAt", block, loop });
  }
  computeInline(block: string): void {
    this.#do({ op: "computeInline", block });
  }
  reverseComputeInline(block: string): void {
    this.#do({ op: "reverseComputeInline", block });
  }
  decomposeReduction(block: string, loop: string): string {
    return this.#one({ op: "decomposeReduction", block, loop });
  }
  rfactor(loop: string, axis = 0): string {
    return this.#one({ op: "rfactor", loop, axis });
  }
  /** Name of the block that computes the workers' parts. */
  streamK(block: string, tile: readonly number[], step: number, workers: number): string {
    return this.#one({ op: "streamK", block, tile: [...tile], step, workers });
  }
  loopPartition(loop: string, at: readonly number[]): readonly string[] {
    return this.#do({ op: "loopPartition", loop, at: [...at] });
  }
  decomposePadding(block: string, loop: string): string {
    return this.#one({ op: "decomposePadding", block, loop });
  }
  blockize(loop: string): string {
    return this.#one({ op: "blockize", loop });
  }
  padEinsum(block: string, padding: readonly number[]): void {
    this.#do({ op: "padEinsum", block, padding: [...padding] });
  }
  reindex(block: string, buffer: string): string {
    return this.#one({ op: "reindex", block, buffer });
  }
  transformLayout(buffer: string, map: IndexMap): void {
    this.#do({ op: "transformLayout", buffer, map: structuredClone(map) });
  }
  transformBlockLayout(block: string, map: IndexMap): readonly string[] {
    return this.#do({ op: "transformBlockLayout", block, map: structuredClone(map) });
  }
  setScope(name: string, scope: Scope): void {
    this.#do({ op: "setScope", name, scope });
  }
  storageAlign(block: string, axis: number, factor: number, offset: number): void {
    this.#do({ op: "storageAlign", block, axis, factor, offset });
  }
  doubleBuffer(block: string): void {
    this.#do({ op: "doubleBuffer", block });
  }
  annotate(name: string, key: string, value: string | number | boolean): void {
    this.#do({ op: "annotate", name, key, value });
  }

  /** Names of all blocks, in program order. */
  blocks(): readonly string[] {
    return blocksOf(this.#func.body).map((b) => b.block.name);
  }
  block(name: string): Block {
    return findBlock(this.#func, name).block;
  }
  loop(name: string): For {
    return findLoop(this.#func, name).loop;
  }
  /** Names of the loops around a block, outermost first. */
  loops(block: string): readonly string[] {
    return findBlock(this.#func, block).loops.map((l) => l.var.name);
  }
  /** Names of the blocks whose results `block` reads. */
  producers(block: string): readonly string[] {
    return producersOf(this.#func, this.block(block)).map((b) => b.block.name);
  }
  /** Names of the blocks that read what `block` writes. */
  consumers(block: string): readonly string[] {
    return consumersOf(this.#func, this.block(block)).map((b) => b.block.name);
  }
  /** The loads of a block from buffers that it does not write. */
  inputs(block: string): readonly Load[] {
    return inputsOf(this.block(block));
  }
  /** Names of the inputs of the program from which `buffer` is computed for `block`. */
  sources(block: string, buffer: string): readonly string[] {
    const producer = producersOf(this.#func, this.block(block)).find((b) =>
      [...written(b.block)].some((x) => x.name === buffer)
    );
    if (!producer) return [buffer];
    const names = this.inputs(producer.block.name).map((l) => l.buffer.name);
    return [...new Set(names.flatMap((n) => this.sources(producer.block.name, n)))];
  }
}
