/** Connects to the server of a fleet from Deno. The packages are loaded where a fleet is joined, and not before. */
import { messageOf } from "../base/error.ts";
import type { Credentials } from "./credentials.ts";
import { FleetError } from "./error.ts";
import type { Transport } from "./transport.ts";

/** Milliseconds for the first connection. A lost one is tried again for as long as it takes. */
const CONNECT_MS = 10_000;
/** Milliseconds between two attempts. */
const AGAIN_MS = 250;

/**
 * Connects to a server.
 *
 * @throws {FleetError} if nothing answers, or it refuses the credentials
 */
export async function connect(
  url: string,
  { name, credentials = {} }: { readonly name: string; readonly credentials?: Credentials },
): Promise<Transport> {
  const { connectionOptions } = await import("./connection_options.ts");
  const { connectGuarded } = await import("./guarded_transport.ts");
  const { natsTransport } = await import("./nats_transport.ts");
  try {
    return await natsTransport(
      await connectGuarded({
        ...connectionOptions(url, name, credentials),
        timeout: CONNECT_MS,
        reconnectTimeWait: AGAIN_MS,
      }),
    );
  } catch (e) {
    throw new FleetError(
      `cannot join the fleet at ${url}: ${messageOf(e)}; deno task fleet starts a server`,
      {
        cause: e,
      },
    );
  }
}
