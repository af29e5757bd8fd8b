/** A worker as a process of its own, whose measuring is made up: worker_process.ts URL NAME MS. */
import { connect } from "../../lib/fleet/connect.ts";
import { work } from "../../lib/fleet/work.ts";
import { InstantMeasuring } from "./instant_measuring.ts";
import { target } from "./targets.ts";

const [url = "", name = "", ms = "0"] = Deno.args;
await using transport = await connect(url, { name });
const end = new AbortController();
Deno.addSignalListener("SIGTERM", () => end.abort());
console.log("ready");
await work(transport, {
  worker: name,
  target,
  open: (options) => Promise.resolve(new InstantMeasuring(options, Number(ms))),
  signal: end.signal,
});
Deno.exit(0);
