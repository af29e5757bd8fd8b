/** Waits for a signal to end: Ctrl+C, or the end that a service manager asks for. */
export function signalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const once = () => {
    for (const s of signals) Deno.removeSignalListener(s, once);
    resolve();
  };
  for (const s of signals) Deno.addSignalListener(s, once);
  return promise;
}
