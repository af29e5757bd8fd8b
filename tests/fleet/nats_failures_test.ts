/** Processes that are killed or stopped, and a network that is cut, with a real nats-server. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../lib/fleet/connect.ts";
import { QueueFullError } from "../../lib/fleet/error.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { ACK_WAIT_MS, QUEUE_LENGTH } from "../../lib/fleet/transport.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { add, matmul } from "../tuning/programs.ts";
import { byText } from "../tuning/simulated_measuring.ts";
import { NatsServer, natsServer } from "./nats_server.ts";
import { Proxy } from "./proxy.ts";
import { soak, startWorker } from "./soak.ts";
import { target } from "./targets.ts";
import { after, SimulatedWorker } from "./workers.ts";

const overNats = { ignore: natsServer === undefined, sanitizeOps: false, sanitizeResources: false };
const candidate = { trace: Trace.of(add, []).toJSON() };

Deno.test(
  "NATS: workers that are killed, or stopped for too long, lose and repeat nothing",
  overNats,
  async () => {
    await using server = await NatsServer.start();
    const soaked = await soak(server, 150, 60);
    assertEquals([soaked.answered, soaked.kills, soaked.lost], [150, 2, 0]);
    const late = startWorker(server.url, "late", 300);
    try {
      await using fleet = await Fleet.join(server.url);
      const device = await fleet.wait("late", { seconds: 60 });
      const measuring = await device.openMeasuring({ func: add, target });
      assert(measuring);
      const asked = [0, 1, 2].map(() => measuring.measure({ candidate }));
      await after(150, 0);
      Deno.kill(late.pid, "SIGSTOP");
      // Another worker takes over what the stopped one holds; then both answer one of them.
      const other = startWorker(server.url, "other", 0);
      await after(ACK_WAIT_MS + 2000, 0);
      Deno.kill(late.pid, "SIGCONT");
      const answers = await Promise.all(asked);
      assertEquals(answers.map((a) => a.measurement.status), ["ok", "ok", "ok"]);
      await after(800, 0);
      assertEquals(fleet.counts.malformed, 0);
      await measuring[Symbol.asyncDispose]();
      other.kill("SIGKILL");
      await other.status;
    } finally {
      late.kill("SIGKILL");
      await late.status;
    }
  },
);

Deno.test("NATS: a network that is cut in mid-job, and a stream that is full", overNats, async () => {
  await using server = await NatsServer.start();
  await using cut = new Proxy(server.port);
  const transport = await connect(`nats://127.0.0.1:${cut.port}`, { name: "far" });
  await using worker = new SimulatedWorker(transport, "far", (a) => after(150, byText(a)));
  await using fleet = await Fleet.join(server.url);
  const device = await fleet.wait("far", { seconds: 20 });
  const searching = tune(matmul, device, { budget: { trials: 10 }, rounds: 0 });
  while (worker.measured < 3) await after(20, 0);
  cut.cut();
  await after(700, 0);
  cut.mend();
  const { records } = await searching;
  assertEquals(records.map((r) => r.trial), [...Array(10).keys()]);
  assertEquals(new Set(records.map((r) => r.config)).size, 10);
  await worker.end();
  await transport[Symbol.asyncDispose]();

  await using tuner = await connect(server.url, { name: "flood" });
  const key = "0123456789abcdef";
  await Promise.all(
    Array.from({ length: QUEUE_LENGTH }, (_, k) => tuner.publish(key, `job ${k}`, "x")),
  );
  await assertRejects(() => tuner.publish(key, "one more", "x"), QueueFullError);
  await tuner.publish("fedcba9876543210", "another class", "x");
});

Deno.test("NATS: a tuner that is killed goes on from its log", overNats, async () => {
  await using server = await NatsServer.start();
  const folder = await Deno.makeTempDir(), path = `${folder}/log.arrows`;
  const transport = await connect(server.url, { name: "a" });
  await using worker = new SimulatedWorker(transport, "a", (a) => after(60, byText(a)));
  const tuner = (trials: number) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--no-check",
        "--quiet",
        new URL("./tuner_process.ts", import.meta.url).pathname,
        server.url,
        path,
        `${trials}`,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  const first = tuner(1000);
  while (worker.measured < 8) await after(20, 0);
  first.kill("SIGKILL");
  await first.status;
  const { stdout } = await tuner(30).output();
  const configs = JSON.parse(new TextDecoder().decode(stdout)) as readonly string[];
  assert(configs.length >= 30 && worker.measured >= 8, `${configs.length}`);
  assertEquals(new Set(configs).size, configs.length);
  await worker.end();
  await transport[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});
