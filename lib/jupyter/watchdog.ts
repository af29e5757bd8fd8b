/// <reference lib="deno.worker" />
/**
 * Ends a kernel at once when its parent process is gone, also while a cell holds the main thread. The parent holds the
 * other end of its input. Without this, a killed kernel would keep the ports that the next one needs.
 */
// The main thread waits for this message.
postMessage(null);
const read = new Uint8Array(64);
while (await Deno.stdin.read(read) !== null);
Deno.kill(Deno.pid, "SIGKILL");
