/** The script of a page that works for a fleet: it measures jobs on the page's device until it is stopped. */
import { wsconnect } from "npm:@nats-io/nats-core@3.4.0";
import { messageOf } from "../base/error.ts";
import { connectionOptions } from "../fleet/connection_options.ts";
import { type Credentials, credentialsFromText } from "../fleet/credentials.ts";
import { natsTransport } from "../fleet/nats_transport.ts";
import { work, type WorkEvent } from "../fleet/work.ts";
import type { Transport } from "../fleet/transport.ts";
import { type Measurement, msOf } from "../measure/measurement.ts";
import { Device } from "../runtime/device.ts";
import { NoDeviceError } from "../runtime/error.ts";
import { byId, element, isSeen, seen } from "./dom.ts";
import { openHere } from "./open_here.ts";
import { WORKER } from "./page_parts.ts";

/** Times that the chart shows, the latest ones. */
const SHOWN = 60;
/** Milliseconds between two attempts to connect. */
const AGAIN_MS = 500;
/** Browsers slow down, or stop, a page that can't be seen: its times would be wrong. */
const PAUSED = "Paused, as this page can't be seen: its jobs go to others. It goes on when it is in front.";

/** Works until the page is left, its button is pressed, or its device no longer answers. It never throws. */
async function workHere(): Promise<void> {
  const state = byId(WORKER.state), stop = byId(WORKER.stop);
  try {
    using device = await Device.open({ backend: "webgpu" });
    byId(WORKER.device).textContent = device.target.name;
    const credentials = credentialsFromText(byId(WORKER.credentials).textContent ?? "");
    const stopped = new AbortController();
    stop.addEventListener("click", () => stopped.abort());
    stop.hidden = false;
    const hung = await workOn(device, credentials, stopped);
    state.textContent = hung
      ? "The device no longer answers. Close this page, and open it again to go on."
      : "Stopped. Reload the page to work again.";
  } catch (e) {
    state.textContent = e instanceof NoDeviceError
      ? "This browser finds no WebGPU device. A page that is not of this machine needs https for it."
      : `It can't work: ${messageOf(e)}`;
  } finally {
    stop.hidden = true;
  }
}

/** Works until it is stopped, and only while the page is seen. Returns true if the device no longer answers. */
async function workOn(device: Device, credentials: Credentials, stopped: AbortController): Promise<boolean> {
  const { name = "page" } = credentials;
  await using transport = await connected(credentials, name);
  const session: { ended?: () => boolean } = {};
  const view = new View();
  while (!stopped.signal.aborted) {
    if (!isSeen()) {
      view.says(PAUSED);
      await seen(true, stopped.signal);
      continue;
    }
    const hidden = new AbortController();
    seen(false, stopped.signal).then(() => hidden.abort());
    view.says("waiting for jobs");
    await stayAwake();
    await work(transport, {
      worker: name,
      target: device.target,
      signal: AbortSignal.any([stopped.signal, hidden.signal]),
      open: async (options) => {
        view.program = options.func.name;
        const measuring = await openHere(device, options);
        session.ended = () => measuring.ended;
        return measuring;
      },
      report(event) {
        view.show(event);
        // A page can't recover from a hung device: another worker takes the next job.
        if (session.ended?.()) stopped.abort();
      },
    });
  }
  return session.ended?.() ?? false;
}

async function connected(credentials: Credentials, name: string): Promise<Transport> {
  const options = connectionOptions(credentials.url ?? "", name, credentials);
  return await natsTransport(await wsconnect({ ...options, reconnectTimeWait: AGAIN_MS }));
}

/** Asks that the screen stays on. A browser takes that back when the page is hidden. */
async function stayAwake(): Promise<void> {
  const { wakeLock } = navigator as { readonly wakeLock?: { request(kind: "screen"): Promise<unknown> } };
  // A browser may refuse it, for example on a low battery.
  await wakeLock?.request("screen").catch(() => {});
}

/** What the page shows: its state, counts, and the latest times. */
class View {
  #answered = 0;
  #failed = 0;
  readonly #times: number[] = [];
  /** The program of the latest jobs. */
  program = "";

  says(what: string): void {
    byId(WORKER.state).textContent = what;
  }

  show(event: WorkEvent): void {
    switch (event.kind) {
      case "took":
        return this.says(`measuring ${this.program}`);
      case "lost":
        return this.says(`the network is away, trying again: ${event.message}`);
      case "back":
        return this.says("waiting for jobs");
      case "refused":
        this.#failed++;
        return this.says(`refused a job: ${event.message}`);
      case "answered": {
        const { outcome } = event;
        if (outcome.kind === "measured") this.#add(outcome.measurement);
        if (outcome.kind === "raced") outcome.measurements.forEach((m) => this.#add(m));
        this.#answered++;
        this.says(`waiting for jobs; the last one was of ${this.program}`);
        return this.#draw();
      }
      default:
        return event satisfies never;
    }
  }

  #add(m: Measurement): void {
    if (m.status === "ok") this.#times.push(msOf(m));
    else this.#failed++;
    this.#times.splice(0, this.#times.length - SHOWN);
  }

  #draw(): void {
    byId(WORKER.jobs).textContent = `${this.#answered} jobs answered, ${this.#failed} candidates failed`;
    const most = Math.max(...this.#times);
    byId(WORKER.chart).replaceChildren(
      ...this.#times.map((ms) => {
        // Bars by the logarithm: schedules differ by orders of magnitude.
        const height = Math.max(2, 60 + 20 * Math.log10(ms / most));
        return Object.assign(element("span"), {
          style: `height:${height}px`,
          title: `${ms.toPrecision(3)} ms`,
        });
      }),
    );
  }
}

void workHere();
