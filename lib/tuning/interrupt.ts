/** Handles Jupyter's interrupt: it ends the running call and keeps the kernel's state. */
import { inNotebook } from "../runtime/platform.ts";

/** The running calls that can be stopped. */
const running = new Set<AbortController>();
let listening = false;

/**
 * Listens for Jupyter's interrupt, which is a SIGINT: without a listener it ends Deno's kernel with all its state,
 * also when nothing runs (denoland/deno#24491).
 */
export function listenForInterrupts(): void {
  if (listening) return;
  listening = true;
  Deno.addSignalListener("SIGINT", () => {
    for (const controller of running) controller.abort(new DOMException("interrupted", "AbortError"));
  });
}

/** Makes a signal that Jupyter's interrupt, or `signal` if given, aborts until it is disposed. */
export class Interruptible implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();

  constructor(signal?: AbortSignal) {
    if (inNotebook()) listenForInterrupts();
    running.add(this.#controller);
    const own = this.#controller.signal;
    this.signal = signal ? AbortSignal.any([signal, own]) : own;
  }

  [Symbol.dispose](): void {
    running.delete(this.#controller);
  }
}
