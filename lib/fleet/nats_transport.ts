/**
 * The network as NATS JetStream has it: a work queue with one subject and one durable consumer for each device class, a
 * stream of answers, presence in a key-value store, programs in an object store. It takes any connection: TCP or WebSocket.
 */
import {
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
} from "npm:@nats-io/jetstream@3.4.0";
import { type KV, Kvm } from "npm:@nats-io/kv@3.4.0";
import type { NatsConnection } from "npm:@nats-io/nats-core@3.4.0";
import { type ObjectStore, Objm } from "npm:@nats-io/obj@3.4.0";
import { messageOf } from "../base/error.ts";
import { FleetError, QueueFullError } from "./error.ts";
import { ANSWERS, answerSubject, durableOf, JOBS, jobSubject, OBJECTS, WORKERS } from "./nats_names.ts";
import { ACK_WAIT_MS, MOST_OBJECT_BYTES, QUEUE_LENGTH, type Taken, type Transport } from "./transport.ts";

const NANOSECONDS = 1e6;
const MINUTE_MS = 60_000;
/** How long a job waits, an answer is kept, an object is kept; and how long ids of both are known. */
const JOB_MS = 60 * MINUTE_MS;
const ANSWER_MS = 10 * MINUTE_MS;
const OBJECT_MS = 24 * 60 * MINUTE_MS;
const KNOWN_MS = 2 * MINUTE_MS;
/** The most that answers and objects take on the server, bytes. */
const MOST_ANSWERS = 1 << 28;
const MOST_OBJECTS = 1 << 30;
/** How long an offer is kept that is not repeated. */
const OFFERED_MS = 10_000;
/**
 * Milliseconds for which answers are asked for at a time, and between two signs of life meanwhile. Two missing signs begin
 * again: so long does a search wait after the server was restarted.
 */
const LISTEN_MS = 5000;
const HEARTBEAT_MS = 1000;
/** Milliseconds for one request. */
const REQUEST_MS = 5000;
/** Jobs whose places in the stream are remembered, to withdraw them. */
const REMEMBERED = 1000;
/** The server's codes for a subject that is full, and for a stream that isn't there. */
const SUBJECT_FULL = 10077;
const STREAM_NOT_FOUND = 10059;

/**
 * Makes the transport of a connection. Streams and stores are made where they are missing, if the user may.
 *
 * @throws {FleetError} if the server has no JetStream, or lacks streams that this user may not make
 */
export async function natsTransport(nc: NatsConnection): Promise<Transport> {
  const js = jetstream(nc, { timeout: REQUEST_MS });
  const jsm = await jetstreamManager(nc, { timeout: REQUEST_MS, checkAPI: false });
  const kvm = new Kvm(js), objm = new Objm(js);
  try {
    await ensureStreams(jsm);
    const kv = await has(jsm, `KV_${WORKERS}`)
      ? await kvm.open(WORKERS)
      : await kvm.create(WORKERS, { ttl: OFFERED_MS, history: 1 });
    const objects = await has(jsm, `OBJ_${OBJECTS}`)
      ? await objm.open(OBJECTS, false)
      : await objm.create(OBJECTS, { ttl: OBJECT_MS * NANOSECONDS, max_bytes: MOST_OBJECTS });
    return new NatsTransport(nc, js, jsm, kv, objects);
  } catch (e) {
    await nc.close();
    throw new FleetError(
      `expected a server with JetStream, and streams that are there or may be made, got ${messageOf(e)}`,
      { cause: e },
    );
  }
}

async function has(jsm: JetStreamManager, stream: string): Promise<boolean> {
  try {
    await jsm.streams.info(stream);
    return true;
  } catch (e) {
    if ((e as { readonly code?: unknown }).code === STREAM_NOT_FOUND) return false;
    throw e;
  }
}

async function ensureStreams(jsm: JetStreamManager): Promise<void> {
  const known = { duplicate_window: KNOWN_MS * NANOSECONDS, storage: "file" } as const;
  await ensure(jsm, JOBS, {
    ...known,
    subjects: [jobSubject("*")],
    retention: "workqueue",
    max_age: JOB_MS * NANOSECONDS,
    max_msgs_per_subject: QUEUE_LENGTH,
    discard: "new",
    discard_new_per_subject: true,
  });
  await ensure(jsm, ANSWERS, {
    ...known,
    subjects: ["tunebook.answer.*.*.*"],
    retention: "limits",
    max_age: ANSWER_MS * NANOSECONDS,
    max_bytes: MOST_ANSWERS,
  });
}

type StreamOptions = Omit<Parameters<JetStreamManager["streams"]["add"]>[0], "name">;

async function ensure(jsm: JetStreamManager, name: string, config: StreamOptions): Promise<void> {
  if (!await has(jsm, name)) await jsm.streams.add({ name, ...config });
}

class NatsTransport implements Transport {
  /** Places of jobs in the stream, by id. */
  readonly #places = new Map<string, number>();
  readonly #consumers = new Map<string, ReturnType<JetStreamClient["consumers"]["get"]>>();

  constructor(
    readonly nc: NatsConnection,
    readonly js: JetStreamClient,
    readonly jsm: JetStreamManager,
    readonly kv: KV,
    readonly objects: ObjectStore,
  ) {}

  async publish(key: string, id: string, text: string): Promise<void> {
    await this.#consumer(key);
    const { seq } = await asked("publish a job", this.js.publish(jobSubject(key), text, { msgID: id }));
    this.#places.set(id, seq);
    const [oldest] = this.#places.keys();
    if (this.#places.size > REMEMBERED && oldest !== undefined) this.#places.delete(oldest);
  }

  async withdrawJob(_key: string, id: string): Promise<void> {
    const seq = this.#places.get(id);
    if (seq === undefined) return;
    this.#places.delete(id);
    await asked("withdraw a job", this.jsm.streams.deleteMessage(JOBS, seq, false));
  }

  async take(key: string, waitMs: number): Promise<Taken | undefined> {
    const consumer = await this.#consumer(key);
    const m = await asked("take a job", consumer.next({ expires: Math.max(1000, waitMs) }), () => {
      // It may be gone, where the server has lost its files.
      this.#consumers.delete(key);
    });
    return m
      ? {
        text: m.string(),
        delivery: m.info.deliveryCount,
        working: () => m.working(),
        done: async () => void await asked("acknowledge a job", m.ackAck({ timeout: REQUEST_MS })),
        putBack: () => m.nak(),
      }
      : undefined;
  }

  async answer(box: string, worker: string, id: string, text: string): Promise<void> {
    await asked("answer", this.js.publish(answerSubject(box, worker), text, { msgID: `${worker} ${id}` }));
  }

  async answers(box: string, arrived: (worker: string, text: string) => void): Promise<AsyncDisposable> {
    const consumer = await asked(
      "open a box",
      this.js.consumers.get(ANSWERS, { filter_subjects: answerSubject(box, "*") }),
    );
    const messages = await asked(
      "open a box",
      consumer.consume({
        expires: LISTEN_MS,
        idle_heartbeat: HEARTBEAT_MS,
        callback: (m) => arrived(m.subject.slice(answerSubject(box, "").length), m.string()),
      }),
    );
    return { [Symbol.asyncDispose]: async () => void await messages.close() };
  }

  async offer(worker: string, text: string): Promise<void> {
    await asked("offer a device", this.kv.put(worker, text));
  }

  async withdraw(worker: string): Promise<void> {
    await asked("withdraw a device", this.kv.delete(worker));
  }

  async offers(seen: (worker: string, text: string | undefined) => void): Promise<AsyncDisposable> {
    const changes = await asked("watch the workers", this.kv.watch());
    (async () => {
      for await (const e of changes) seen(e.key, e.operation === "PUT" ? e.string() : undefined);
    })().catch(() => {});
    for await (const worker of await asked("list the workers", this.kv.keys())) {
      const entry = await asked("read an offer", this.kv.get(worker));
      if (entry?.operation === "PUT") seen(worker, entry.string());
    }
    return {
      [Symbol.asyncDispose]: () => {
        changes.stop();
        return Promise.resolve();
      },
    };
  }

  async put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const known = await asked("look up an object", this.objects.info(name));
    if (known && !known.deleted && known.size === bytes.length) return;
    await asked("store an object", this.objects.putBlob({ name }, bytes));
  }

  async get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const known = await asked("look up an object", this.objects.info(name));
    if (!known || known.deleted || known.size > MOST_OBJECT_BYTES) return undefined;
    const bytes = await asked("read an object", this.objects.getBlob(name));
    return bytes ? new Uint8Array(bytes) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nc.close();
  }

  /** The queue of a device class; it is made before the first job, so that none is lost. */
  #consumer(key: string): ReturnType<JetStreamClient["consumers"]["get"]> {
    const known = this.#consumers.get(key);
    if (known) return known;
    const made = asked("open the queue", this.#makeConsumer(key));
    this.#consumers.set(key, made);
    made.catch(() => this.#consumers.delete(key));
    return made;
  }

  async #makeConsumer(key: string) {
    const durable = durableOf(key);
    try {
      return await this.js.consumers.get(JOBS, durable);
    } catch {
      await this.jsm.consumers.add(JOBS, {
        durable_name: durable,
        filter_subject: jobSubject(key),
        ack_policy: "explicit",
        ack_wait: ACK_WAIT_MS * NANOSECONDS,
        max_ack_pending: QUEUE_LENGTH,
      });
      return await this.js.consumers.get(JOBS, durable);
    }
  }
}

/** Awaits a request; its failure is a typed error. */
async function asked<T>(what: string, request: Promise<T>, failed: () => void = () => {}): Promise<T> {
  try {
    return await request;
  } catch (e) {
    failed();
    const code = (e as { readonly code?: unknown }).code;
    const message = `cannot ${what}: ${messageOf(e)}`;
    throw code === SUBJECT_FULL
      ? new QueueFullError(message, { cause: e })
      : new FleetError(message, { cause: e });
  }
}
