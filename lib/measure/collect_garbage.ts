/** Requests between two collections: some 10 MiB of a driver's memory, and little time. */
const EVERY = 32;

/**
 * Makes a function to call after each request, which has JavaScript free what it no longer uses after every 32nd.
 *
 * A pipeline has no way to be destroyed: its memory, a third of a MiB of the driver's, is freed with its object. That is
 * a few bytes for JavaScript, which would keep thousands of them before it looks.
 *
 * @param gc collects; default: what `--expose-gc` gives, or nothing
 */
export function garbageCollector(
  gc: (() => void) | undefined = (globalThis as { readonly gc?: () => void }).gc,
): () => void {
  let requests = 0;
  return () => {
    if (++requests % EVERY === 0) gc?.();
  };
}
