/** The fleet over a real nats-server: searches, failures of the network and of workers, and users with few rights. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as nats from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "../../lib/fleet/connect.ts";
import { FleetError } from "../../lib/fleet/error.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import {
  ANSWERS,
  answerSubject,
  durableOf,
  JOBS,
  jobSubject,
  OBJECTS,
  WORKERS,
} from "../../lib/fleet/nats_names.ts";
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

Deno.test(
  "NATS: the server lets a worker do its work, and nothing in the name of others",
  options,
  async () => {
    const users = [createUser("admin", "admin"), createUser("me", "tuner"), createUser("a", "worker")];
    const seed = (name: string) => users.find((u) => u.name === name)?.seed as string;
    await using server = await NatsServer.start({ users });
    const admin = await connect(server.url, { name: "admin", credentials: { nkey: seed("admin") } });
    const key = "0123456789abcdef";
    await admin.publish(key, "first", "a job");
    const raw = async (name: string) => {
      const nc = await nats.connect({
        servers: server.url,
        inboxPrefix: `_INBOX_${name}`,
        authenticator: nats.nkeyAuthenticator(new TextEncoder().encode(seed(name))),
      });
      return {
        nc,
        js: jetstream(nc, { timeout: 1500 }),
        jsm: await jetstreamManager(nc, { timeout: 1500, checkAPI: false }),
      };
    };
    const worker = await raw("a"), tuner = await raw("me");
    // What it may: take a job, and answer under its own name.
    await worker.js.publish(answerSubject("me.box", "a"), "mine");
    assert(await (await worker.js.consumers.get(JOBS, durableOf(key))).next({ expires: 1000 }));
    const forbidden: Readonly<Record<string, () => Promise<unknown>>> = {
      "answer for another worker": () => worker.js.publish(answerSubject("me.box", "b"), "forged"),
      "send jobs": () => worker.js.publish(jobSubject(key), "forged"),
      "read answers": () => worker.jsm.consumers.add(ANSWERS, { durable_name: "spy", ack_policy: "none" }),
      "offer under another name": () => worker.js.publish(`$KV.${WORKERS}.b`, "forged"),
      "replace a program": () => worker.js.publish(`$O.${OBJECTS}.C.x`, "forged"),
      "empty the queue": () => worker.jsm.streams.purge(JOBS),
      "delete a stream": () => worker.jsm.streams.delete(ANSWERS),
      "read another tuner's answers": () =>
        tuner.jsm.consumers.add(ANSWERS, {
          name: "spy",
          filter_subject: "tunebook.answer.other.>",
          ack_policy: "none",
        }),
      "answer as a tuner": () => tuner.js.publish(answerSubject("me.box", "a"), "forged"),
      "send a giant message": async () => {
        await tuner.js.publish(jobSubject(key), "x".repeat((1 << 20) + 1));
      },
    };
    for (const [what, attempt] of Object.entries(forbidden)) {
      await assertRejects(attempt, Error, "", what);
    }
    const all = await raw("admin");
    const { state } = await all.jsm.streams.info(ANSWERS);
    assertEquals(state.messages, 1);
    for (const { nc } of [worker, tuner, all]) await nc.close();
    await admin[Symbol.asyncDispose]();
  },
);
