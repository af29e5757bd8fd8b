/** Connections to kernels: the file in which Jupyter says where a kernel listens. */
import { TunebookError } from "../base/error.ts";

/** A kernel's channels. */
export const CHANNELS = ["shell", "iopub", "stdin", "control", "hb"] as const;
export type Channel = typeof CHANNELS[number];

/** Where a kernel listens, and the key that signs its messages. */
export interface Connection extends Readonly<Record<`${Channel}_port`, number>> {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
}

/** Says that a kernel can't be reached, or that the code that prepares it failed. */
export class KernelRequestError extends TunebookError {
  override readonly name = "KernelRequestError";
}

/**
 * Reads a connection file.
 *
 * @throws {KernelRequestError} if its transport is not TCP
 */
export async function readConnection(path: string): Promise<Connection> {
  const connection = JSON.parse(await Deno.readTextFile(path)) as Connection;
  if (connection.transport === "tcp") return connection;
  throw new KernelRequestError(
    `expected the transport tcp, got ${connection.transport}, starting a kernel; set it in Jupyter`,
  );
}

/** The same connection on free ports of this machine. */
export function innerConnection(outer: Connection): Connection {
  const listeners = CHANNELS.map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map((l, k) => [`${CHANNELS[k]}_port`, (l.addr as Deno.NetAddr).port] as const);
  for (const l of listeners) l.close();
  return { ...outer, ip: "127.0.0.1", ...Object.fromEntries(ports) };
}
