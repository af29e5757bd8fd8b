/** What a thread of the CPU runs. */

/** The places of the block of numbers by which threads agree. */
export const PLACES = {
  round: 0,
  pending: 1,
  next: 2,
  groups: 3,
  chunk: 4,
  module: 5,
  code: 6,
  codeBytes: 7,
  scratch: 8,
  scratchBytes: 9,
  failed: 10,
  stopped: 11,
  count: 12,
  args: 16,
} as const;

const P = PLACES;

/**
 * The program of a thread, as text, so that it needs no file beside a script for pages. It sleeps until there is a round,
 * and takes chunks of workgroups until there are none left.
 */
export const THREAD_SOURCE = `
const known = new Map(), MOST = 256;
function runOf(c, memory) {
  let run = known.get(c[${P.module}]);
  if (run) return run;
  const bytes = new Uint8Array(memory.buffer).slice(c[${P.code}], c[${P.code}] + c[${P.codeBytes}]);
  run = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.run;
  if (known.size >= MOST) known.delete(known.keys().next().value);
  known.set(c[${P.module}], run);
  return run;
}
onmessage = ({ data: { id, numbers: c, memory } }) => {
  postMessage("ready");
  for (let seen = 0;;) {
    Atomics.wait(c, ${P.round}, seen);
    seen = Atomics.load(c, ${P.round});
    if (Atomics.load(c, ${P.stopped})) return close();
    try {
      const run = runOf(c, memory), chunk = c[${P.chunk}], groups = c[${P.groups}];
      const args = [...c.subarray(${P.args}, ${P.args} + c[${P.count}]), c[${P.scratch}] + id * c[${P.scratchBytes}]];
      for (;;) {
        const begin = Atomics.add(c, ${P.next}, chunk);
        if (begin >= groups) break;
        run(...args, begin, Math.min(groups, begin + chunk));
      }
    } catch {
      Atomics.store(c, ${P.failed}, 1);
    }
    if (Atomics.sub(c, ${P.pending}, 1) === 1) Atomics.notify(c, ${P.pending});
  }
};
`;
