/**
 * The program of a thread, as text, so that it needs no file beside a script for pages. It sleeps until there is a round,
 * and takes chunks of workgroups until there are none left. Numbers lie where PLACES of threads.ts says.
 */
export const THREAD_SOURCE = `
const known = new Map(), MOST = 256;
function runOf(c, memory) {
  let run = known.get(c[5]);
  if (run) return run;
  const bytes = new Uint8Array(memory.buffer).slice(c[6], c[6] + c[7]);
  run = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.run;
  if (known.size >= MOST) known.delete(known.keys().next().value);
  known.set(c[5], run);
  return run;
}
onmessage = ({ data: { id, numbers: c, memory } }) => {
  postMessage("ready");
  for (let seen = 0;;) {
    Atomics.wait(c, 0, seen);
    seen = Atomics.load(c, 0);
    if (Atomics.load(c, 11)) return close();
    try {
      const run = runOf(c, memory), chunk = c[4], groups = c[3];
      const args = [...c.subarray(16, 16 + c[12]), c[8] + id * c[9]];
      for (;;) {
        const begin = Atomics.add(c, 2, chunk);
        if (begin >= groups) break;
        run(...args, begin, Math.min(groups, begin + chunk));
      }
    } catch {
      Atomics.store(c, 10, 1);
    }
    if (Atomics.sub(c, 1, 1) === 1) Atomics.notify(c, 1);
  }
};
`;
