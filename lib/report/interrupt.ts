/** Jupyter's interrupt: it ends what runs, and leaves the kernel and its state. */
import { jupyter } from "./jupyter.ts";

/** What runs now and can be stopped. */
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

if (jupyter()) listenForInterrupts();

/** A signal that Jupyter's interrupt aborts, and `signal` if given, until it is disposed. */
export class Interruptible implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();

  constructor(signal?: AbortSignal) {
    running.add(this.#controller);
    const own = this.#controller.signal;
    this.signal = signal ? AbortSignal.any([signal, own]) : own;
  }

  [Symbol.dispose](): void {
    running.delete(this.#controller);
  }
}

/** What a promise gives, or undefined `graceMs` after the signal is aborted: then nobody waits for it any more. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  graceMs = 0,
): Promise<T | undefined> {
  if (!signal) return await promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => void (timer = setTimeout(() => resolve(undefined), graceMs));
  });
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
    // It may still fail, which is of no interest then.
    promise.catch(() => {});
  }
}
