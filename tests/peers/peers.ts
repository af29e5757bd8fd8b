/** The libraries that this one is held against. Each is loaded only when it is opened, so that it may fail. */
import { messageOf, type Peer } from "./peer.ts";

type Openers = Readonly<Record<string, () => Promise<Peer>>>;

/** By the device that they run on. On the CPU each has one thread; the last one is native, with all that the CPU has. */
export const PEERS: Readonly<Record<"webgpu" | "cpu", Openers>> = {
  webgpu: {
    "jax-js": () => openJax("webgpu"),
    "tfjs": async () => await (await import("./tfjs.ts")).open("webgpu"),
    "onnxruntime-web": async () => await (await import("./onnx.ts")).open(),
  },
  cpu: {
    "jax-js": () => openJax("wasm"),
    "tfjs": async () => await (await import("./tfjs.ts")).open("wasm"),
    "onnxruntime-web": async () => await (await import("./onnx_cpu.ts")).openWasm(),
    "onnxruntime-node": async () => await (await import("./onnx_cpu.ts")).openNative(),
  },
};

/** Opens jax-js as if memory couldn't be shared, from then on: it would have workers on the CPU. */
async function openJax(backend: "webgpu" | "wasm"): Promise<Peer> {
  delete (globalThis as { SharedArrayBuffer?: unknown }).SharedArrayBuffer;
  return await (await import("./jax.ts")).open(backend);
}

/** Those that can be had on this adapter; `say` is told why another can't. */
export async function openPeers(
  adapter: string,
  say: (line: string) => void,
  among: Openers,
): Promise<ReadonlyMap<string, Peer>> {
  const peers = new Map<string, Peer>();
  for (const [name, open] of Object.entries(among)) {
    try {
      const peer = await open();
      if (peer.adapter !== adapter) throw new Error(`it runs on ${peer.adapter} and not on ${adapter}`);
      peers.set(name, peer);
    } catch (e) {
      say(`${name} is left out: ${messageOf(e)}`);
    }
  }
  return peers;
}
