import { checkArgument } from "../base/check_options.ts";
import { programKind } from "../ir/kinds.ts";
import type { Load, Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, For, ThreadTag } from "../ir/stmt.ts";
import { checkCall } from "./check_call.ts";
import { ScheduleError } from "./error.ts";
import type { IndexMap } from "./index_map.ts";
import { blocksOf, findBlock, findLoop } from "./find.ts";
import { consumersOf, producersOf } from "./dependences.ts";
import { buffersWrittenBy, inputLoadsOf } from "./block_accesses.ts";
import { apply, type Step } from "./step.ts";
import { stepFromJson } from "./step_json.ts";
import { STEP_LIMIT, Trace } from "./trace.ts";

/**
 * A program under scheduling: applies steps to it and records them. Blocks and loops are named by their unique names.
 * A step that can't be applied throws a {@linkcode ScheduleError} and leaves the program as it was; so does a call with
 * a wrong argument.
 */
export class Schedule {
  #func: PrimFunc;
  readonly #start: PrimFunc;
  readonly #steps: Step[] = [];

  /** Starts a schedule of a program, without steps. */
  constructor(func: PrimFunc) {
    checkArgument("new Schedule", "func", func, programKind);
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

  /** Applies the step of a call with `count` arguments. */
  #do(asked: Step, { length: count }: ArrayLike<unknown>): readonly string[] {
    if (this.#steps.length >= STEP_LIMIT) {
      throw new ScheduleError(
        `cannot ${asked.op}: expected at most ${STEP_LIMIT} steps in a schedule, got one more`,
      );
    }
    const step = checkCall(asked, count);
    const { func, made } = apply(this.#func, step);
    this.#func = func;
    this.#steps.push(step);
    return made;
  }
  #one(step: Step, given: ArrayLike<unknown>): string {
    return this.#do(step, given)[0] as string;
  }

  /**
   * Applies a step, as a trace has it.
   *
   * @returns the names of the loops or of the block that it made
   */
  apply(step: Step): readonly string[] {
    return this.#do(stepFromJson(step, "a step to apply"), []);
  }
  /** Makes one axis of neighbouring axes that the program always takes together, in its parameters too. */
  collapseAxes(): void {
    this.#do({ op: "collapseAxes" }, arguments);
  }
  /**
   * Splits a loop into a nest of loops. At most one factor may be null: it is computed from the extent.
   *
   * @returns the names of the new loops, one per factor, outermost first
   */
  split<const Factors extends readonly (number | null)[]>(
    loop: string,
    factors: Factors,
  ): { readonly [K in keyof Factors]: string } {
    const made = this.#do({ op: "split", loop, factors }, arguments);
    return made as { readonly [K in keyof Factors]: string };
  }
  /**
   * Makes one loop of loops that are directly one inside the other, outermost first.
   *
   * @returns the name of the new loop
   */
  fuse(...loops: readonly string[]): string {
    return this.#one({ op: "fuse", loops }, arguments);
  }
  /**
   * Makes one loop of loops of one extent that follow one another.
   *
   * @returns the name of the new loop
   */
  mergeLoops(...loops: readonly string[]): string {
    return this.#one({ op: "mergeLoops", loops }, arguments);
  }
  /** Puts loops of one perfect nest in the given order, outermost first. */
  reorder(...loops: readonly string[]): void {
    this.#do({ op: "reorder", loops }, arguments);
  }
  /** Binds the iterations of a loop: to workgroups, to threads, or to virtual threads of one thread. */
  bind(loop: string, thread: ThreadTag | "vthread"): void {
    this.#do({ op: "bind", loop, thread }, arguments);
  }
  /** Computes the iterations of a loop in vectors of four. */
  vectorize(loop: string): void {
    this.#do({ op: "vectorize", loop }, arguments);
  }
  /** Writes the iterations of a loop out one after the other. */
  unroll(loop: string): void {
    this.#do({ op: "unroll", loop }, arguments);
  }
  /** Marks a loop whose iterations are independent of each other. */
  parallel(loop: string): void {
    this.#do({ op: "parallel", loop }, arguments);
  }
  /**
   * Puts a loop of one iteration around a block's nest.
   *
   * @returns the name of the loop
   */
  addUnitLoop(block: string): string {
    return this.#one({ op: "addUnitLoop", block }, arguments);
  }
  /**
   * Makes a block read a buffer through a copy in another memory.
   *
   * @returns the name of the block that copies
   */
  cacheRead(block: string, buffer: string, scope: Scope): string {
    return this.#one({ op: "cacheRead", block, buffer, scope }, arguments);
  }
  /**
   * Makes a block write a new buffer in another memory, which is copied to the old one after it. Of a block with several
   * results, it is the first one that is not in that memory yet.
   *
   * @returns the name of the block that copies
   */
  cacheWrite(block: string, scope: Scope): string {
    return this.#one({ op: "cacheWrite", block, scope }, arguments);
  }
  /**
   * Moves a producer under a loop around its consumers.
   *
   * @returns the names of its new loops, outermost first
   */
  computeAt(block: string, loop: string): readonly string[] {
    return this.#do({ op: "computeAt", block, loop }, arguments);
  }
  /**
   * Moves a consumer under a loop around its producers.
   *
   * @returns the names of its new loops, outermost first
   */
  reverseComputeAt(block: string, loop: string): readonly string[] {
    return this.#do({ op: "reverseComputeAt", block, loop }, arguments);
  }
  /** Replaces reads of a producer's results by its expression. */
  computeInline(block: string): void {
    this.#do({ op: "computeInline", block }, arguments);
  }
  /** Inlines a consumer into its producer. */
  reverseComputeInline(block: string): void {
    this.#do({ op: "reverseComputeInline", block }, arguments);
  }
  /**
   * Makes two blocks of a reduction: its initialisation, placed before a loop, and its update.
   *
   * @returns the name of the block that initialises
   */
  decomposeReduction(block: string, loop: string): string {
    return this.#one({ op: "decomposeReduction", block, loop }, arguments);
  }
  /**
   * Keeps a partial sum for each iteration of a reduction's loop, in dimension `axis` of a new buffer.
   *
   * @returns the name of the block that computes the partial sums
   */
  rfactor(loop: string, axis = 0): string {
    return this.#one({ op: "rfactor", loop, axis }, arguments);
  }
  /**
   * Shares a reduction out in equal ranges of steps, across tiles (stream-K).
   *
   * @param tile elements of a tile along each spatial axis
   * @param step iterations of the reduction in one step
   * @returns the name of the block that computes the partial sums
   */
  streamK(block: string, tile: readonly number[], step: number, workers: number): string {
    return this.#one({ op: "streamK", block, tile, step, workers }, arguments);
  }
  /**
   * Makes consecutive loops out of one, cut at the iterations `at`.
   *
   * @returns the names of the loops, in order
   */
  loopPartition(loop: string, at: readonly number[]): readonly string[] {
    return this.#do({ op: "loopPartition", loop, at }, arguments);
  }
  /**
   * Splits a padding block in two: the first fills with the constant, before a loop.
   *
   * @returns the name of the block that fills
   */
  decomposePadding(block: string, loop: string): string {
    return this.#one({ op: "decomposePadding", block, loop }, arguments);
  }
  /**
   * Makes one block of the nest under a loop.
   *
   * @returns the name of the block
   */
  blockize(loop: string): string {
    return this.#one({ op: "blockize", loop }, arguments);
  }
  /** Pads the axes of a sum of products with zeros up to multiples, one number per axis. */
  padEinsum(block: string, padding: readonly number[]): void {
    this.#do({ op: "padEinsum", block, padding }, arguments);
  }
  /**
   * Makes a block access a buffer through a copy that has the block's axes for dimensions.
   *
   * @returns the name of the block that copies
   */
  reindex(block: string, buffer: string): string {
    return this.#one({ op: "reindex", block, buffer }, arguments);
  }
  /** Changes how an intermediate buffer lies in memory. */
  transformLayout(buffer: string, map: IndexMap): void {
    this.#do({ op: "transformLayout", buffer, map }, arguments);
  }
  /**
   * Gives a block other axes, and one serial loop for each.
   *
   * @returns the names of its loops, outermost first
   */
  transformBlockLayout(block: string, map: IndexMap): readonly string[] {
    return this.#do({ op: "transformBlockLayout", block, map }, arguments);
  }
  /** Puts the buffer that a block writes, or an input, in another memory. */
  setScope(name: string, scope: Scope): void {
    this.#do({ op: "setScope", name, scope }, arguments);
  }
  /**
   * Makes the stride of dimension `axis` in workgroup memory `offset` more than a multiple of `factor` elements, so that
   * neighbouring rows start in different banks.
   */
  storageAlign(block: string, axis: number, factor: number, offset: number): void {
    this.#do({ op: "storageAlign", block, axis, factor, offset }, arguments);
  }
  /** Keeps two copies of the workgroup memory that a block writes, so that one fills while the other is read. */
  doubleBuffer(block: string): void {
    this.#do({ op: "doubleBuffer", block }, arguments);
  }
  /** Puts a note on a block or a loop, for rules and passes to read. */
  annotate(name: string, key: string, value: string | number | boolean): void {
    this.#do({ op: "annotate", name, key, value }, arguments);
  }

  /** Names of all blocks, in program order. */
  blocks(): readonly string[] {
    return blocksOf(this.#func.body).map((b) => b.block.name);
  }
  /** Finds a block by its name. */
  block(name: string): Block {
    return findBlock(this.#func, name).block;
  }
  /** Finds a loop by its name. */
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
    return inputLoadsOf(this.block(block));
  }
  /** Names of the inputs of the program from which `buffer` is computed for `block`. */
  sources(block: string, buffer: string): readonly string[] {
    const producer = producersOf(this.#func, this.block(block)).find((b) =>
      [...buffersWrittenBy(b.block)].some((x) => x.name === buffer)
    );
    if (!producer) return [buffer];
    const names = this.inputs(producer.block.name).map((l) => l.buffer.name);
    return [...new Set(names.flatMap((n) => this.sources(producer.block.name, n)))];
  }
}
