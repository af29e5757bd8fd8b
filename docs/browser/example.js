// A matrix product: scheduled, compiled, run, compared. Everything comes from tunebook.js.
import { build, compare, compile, Device, dlight, te } from "./tunebook.js";

const at = (id) => document.getElementById(id);
const say = (text) => at("state").textContent = text;

/** Opens the device of the page; undefined where the browser has none. */
async function open() {
  try {
    const device = await Device.open({ backend: "webgpu" });
    say(`Your device: ${device.target.name}.`);
    return device;
  } catch (e) {
    say(`This page needs a browser with WebGPU. ${e.message}`);
    at("run").disabled = true;
    return undefined;
  }
}

/** Shows the rule that schedules the product, and its kernel. */
function show(func, device) {
  const { func: scheduled, rule, why } = dlight.schedule(func, device.target);
  at("rule").textContent = `${rule}: ${why.find((w) => w.matched)?.because ?? "it matches"}.`;
  at("wgsl").textContent = compile(scheduled, device.target).launches.map((l) => l.source).join("\n");
}

/** Runs the product once, and checks one element. */
async function runOnce(func, device, n) {
  using program = await build(func, device);
  const A = Float32Array.from({ length: n * n }, () => Math.random() - 0.5);
  const B = Float32Array.from({ length: n * n }, () => Math.random() - 0.5);
  const { C } = await program.run({ A, B });
  const sum = A.subarray(0, n).reduce((s, a, k) => s + a * B[k * n], 0);
  if (!(Math.abs(C[0] - sum) < 1e-4 * n)) {
    throw new Error(`expected ${sum}, got ${C[0]}, in the first element`);
  }
}

const device = await open();
// index.html?n=128 begins with another size.
at("size").value = new URLSearchParams(location.search).get("n") ?? "256";
at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("run").disabled = true;
  try {
    const n = Number(at("size").value), func = te.matmul({ m: n, n, k: n });
    show(func, device);
    say(`Measuring ${n} × ${n} × ${n} …`);
    await runOnce(func, device, n);
    const rows = await compare(func, device);
    at("rows").replaceChildren(...rows.map((row) => {
      const tr = document.createElement("tr");
      const { contestant, rule, medianMs, gflops, speedupVsFallback, measurement } = row;
      const cells = measurement.status === "ok"
        ? [contestant, rule, medianMs.toFixed(3), gflops.toFixed(1), speedupVsFallback.toFixed(1)]
        : [contestant, rule, measurement.status, measurement.message, ""];
      tr.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return tr;
    }));
    at("table").hidden = false;
    say(`Measured on ${device.target.name}. Every result was checked.`);
  } catch (e) {
    say(`It failed: ${e.message}`);
  }
  at("run").disabled = false;
});
if (device) at("form").requestSubmit();
