/// <reference lib="deno.worker" />
/**
 * Ends a kernel at once when what started it is gone, which holds the other end of its input; also while a cell holds
 * the main thread. A kernel that is killed and started again has the same ports.
 */
// Its start needs the main thread, which waits until it watches.
postMessage(null);
const read = new Uint8Array(64);
while (await Deno.stdin.read(read) !== null);
Deno.kill(Deno.pid, "SIGKILL");
