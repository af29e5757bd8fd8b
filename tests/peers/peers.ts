/** The libraries that this one is held against. Each is loaded only when it is opened, so that it may fail. */
import { messageOf, type Peer } from "./peer.ts";

export const PEERS: Readonly<Record<string, () => Promise<Peer>>> = {
  "jax-js": async () => await (await import("./jax.ts")).open(),
  "tfjs": async () => await (await import("./tfjs.ts")).open(),
  "onnxruntime-web": async () => await (await import("./onnx.ts")).open(),
};

/** Those that can be had on this adapter; `say` is told why another can't. */
export async function openPeers(
  adapter: string,
  say: (line: string) => void,
  among: typeof PEERS = PEERS,
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
