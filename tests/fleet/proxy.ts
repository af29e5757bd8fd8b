/** A network between two ends, which a test can cut. */
import { freePort } from "./nats_server.ts";

export class Proxy implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #open = new Set<Deno.Conn>();
  readonly #listener: Deno.TcpListener;
  #isCut = false;
  /** Milliseconds that each piece takes in each direction. */
  delayMs = 0;

  constructor(readonly to: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#accept();
  }

  /** Ends all connections, and refuses others. */
  cut(): void {
    this.#isCut = true;
    for (const c of this.#open) close(c);
    this.#open.clear();
  }

  mend(): void {
    this.#isCut = false;
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      near.setNoDelay();
      if (this.#isCut) {
        close(near);
        continue;
      }
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.to });
      far.setNoDelay();
      this.#open.add(near).add(far);
      this.#pipe(near, far);
      this.#pipe(far, near);
    }
  }

  /** Each piece leaves `delayMs` after it came, whatever came before. */
  async #pipe(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(1 << 16);
    let written: Promise<unknown> = Promise.resolve();
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        const piece = buffer.slice(0, n), due = performance.now() + this.delayMs;
        written = written.then(async () => {
          const left = due - performance.now();
          if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
          for (let at = 0; at < piece.length;) at += await to.write(piece.subarray(at));
        }).catch(() => {});
      }
    } catch {
      // It was cut.
    }
    close(to);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#listener.close();
    return Promise.resolve();
  }
}

function close(c: Deno.Conn): void {
  try {
    c.close();
  } catch {
    // It is closed.
  }
}
