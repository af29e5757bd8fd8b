import { type ConnectionOptions, nkeyAuthenticator, type TlsOptions } from "npm:@nats-io/nats-core@3.4.0";
import type { Credentials } from "./credentials.ts";

/** Milliseconds between two questions whether the server is still there. A network may end without a word. */
const PING_MS = 5000;

/** Gives the options of a connection, over TCP or a WebSocket. A lost one is tried again for as long as it takes. */
export function connectionOptions(
  url: string,
  name: string,
  { nkey, user, password, ca }: Credentials,
): ConnectionOptions {
  return {
    servers: url,
    name,
    maxReconnectAttempts: -1,
    pingInterval: PING_MS,
    maxPingOut: 2,
    inboxPrefix: `_INBOX_${name}`,
    ...(nkey === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkey)) }),
    ...(user === undefined ? {} : { user, pass: password ?? "" }),
    ...(ca !== undefined || url.startsWith("tls:") ? { tls: tlsOf(url, ca) } : {}),
  };
}

/** Asks for TLS, whatever the server says. The package compares a certificate with "localhost" where the host is a number. */
function tlsOf(url: string, ca: string | undefined): TlsOptions {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return { host, ...(ca === undefined ? {} : { ca }) } as TlsOptions;
}
