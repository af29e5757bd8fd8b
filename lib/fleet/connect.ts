/** Connects to the server of a fleet from Deno. The packages are loaded where a fleet is joined, and not before. */
import { messageOf } from "../base/error.ts";
import type { Credentials } from "./credentials.ts";
import { FleetError } from "./error.ts";
import type { Transport } from "./transport.ts";

/** Milliseconds for the first connection. A lost one is tried again for as long as it takes. */
const CONNECT_MS = 10_000;

/**
 * Connects to a server.
 *
 * @throws {FleetError} if nothing answers, or it refuses the credentials
 */
export async function connect(
  url: string,
  { name, credentials = {} }: { readonly name: string; readonly credentials?: Credentials },
): Promise<Transport> {
  const { nkeyAuthenticator } = await import("npm:@nats-io/transport-node@3.4.0");
  const { connectGuarded } = await import("./guarded_transport.ts");
  const { natsTransport } = await import("./nats_transport.ts");
  const { nkey, user, password, ca } = credentials;
  try {
    return await natsTransport(
      await connectGuarded({
        servers: url,
        name,
        timeout: CONNECT_MS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        inboxPrefix: `_INBOX_${name}`,
        ...(nkey === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkey)) }),
        ...(user === undefined ? {} : { user, pass: password ?? "" }),
        ...(ca === undefined ? {} : { tls: { ca } }),
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
