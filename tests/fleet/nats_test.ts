/** The fleet over a real nats-server: searches, failures of the network and of workers, and users with few rights. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../lib/fleet/connect.ts";
import { FleetError } from "../../lib/fleet/error.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { createUser } from "../../lib/fleet/server_config.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { matmul } from "../tuning/programs.ts";
import { byText } from "../tuning/simulated_measuring.ts";
import { NatsServer, natsServer } from "./nats_server.ts";
import { after, SimulatedWorker } from "./workers.ts";

const options = { ignore: natsServer === undefined, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "NATS: users with few rights tune; a server that is killed and comes back loses nothing",
  options,
  async () => {
    const users = [
      createUser("admin", "admin"),
      createUser("me", "tuner"),
      createUser("a", "worker"),
      createUser("b", "worker"),
    ];
    const credentials = (name: string) => ({ nkey: users.find((u) => u.name === name)?.seed as string });
    await using server = await NatsServer.start({ users });
    await (await connect(server.url, { name: "admin", credentials: credentials("admin") }))
      [Symbol.asyncDispose]();
    const transports = await Promise.all(
      ["a", "b"].map((name) => connect(server.url, { name, credentials: credentials(name) })),
    );
    const workers = transports.map((t, k) =>
      new SimulatedWorker(t, ["a", "b"][k] as string, (a) => after(20, byText(a)))
    );
    await using fleet = await Fleet.join(server.url, { name: "me", credentials: credentials("me") });
    const device = await fleet.wait("cpu", { workers: 2, seconds: 20 });
    const searching = tune(matmul, device, { budget: { trials: 24 }, seed: 1 });
    await after(800, 0);
    await server.kill();
    await after(300, 0);
    await server.start();
    const log = await searching;
    assertEquals(log.records.map((r) => r.trial), [...Array(24).keys()]);
    assertEquals(new Set(log.records.map((r) => r.config)).size, 24);
    assert(log.confirmed.length > 1);
    assertEquals(new Set(log.records.map((r) => r.worker).filter((w) => w !== "")), new Set(["a", "b"]));
    await Promise.all(workers.map((w) => w.end()));
    await Promise.all(transports.map((t) => t[Symbol.asyncDispose]()));
  },
);

Deno.test("NATS: nobody listens, or the user is unknown", options, async () => {
  await assertRejects(() => Fleet.join("nats://127.0.0.1:1"), FleetError, "deno task fleet starts a server");
  await using server = await NatsServer.start({ users: [createUser("me", "tuner")] });
  const credentials = { nkey: createUser("me", "tuner").seed };
  await assertRejects(() => Fleet.join(server.url, { name: "me", credentials }), FleetError);
});
