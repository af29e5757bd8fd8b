/** A tuner as a process of its own: tuner_process.ts URL LOG TRIALS. It prints the configurations of its trials. */
import { Fleet } from "../../lib/fleet/fleet.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { matmul } from "../tuning/programs.ts";

const [url = "", path = "", trials = "1"] = Deno.args;
await using fleet = await Fleet.join(url);
const device = await fleet.wait("cpu", { seconds: 60 });
const log = await tune(matmul, device, { budget: { trials: Number(trials) }, rounds: 0, path, seed: 5 });
console.log(JSON.stringify(log.records.map((r) => r.config)));
