/** NATS over TCP, with sockets whose late errors end no process. */
import type { Socket } from "node:net";
import { NatsConnectionImpl, setTransportFactory } from "npm:@nats-io/nats-core@3.4.0/internal";
import type { ConnectionOptions, NatsConnection } from "npm:@nats-io/nats-core@3.4.0";
import { nodeResolveHost, NodeTransport } from "npm:@nats-io/transport-node@3.4.0/lib/node_transport.js";

/**
 * The package's transport takes its listeners off a socket between two steps of a connection. A server that dies just then
 * makes an error without a listener, which ends the process. Here one listener stays.
 */
class GuardedTransport extends NodeTransport {
  override async dial(...args: Parameters<NodeTransport["dial"]>): Promise<Socket> {
    return guarded(await super.dial(...args));
  }
  override async startTLS(): ReturnType<NodeTransport["startTLS"]> {
    return guarded(await super.startTLS());
  }
  override async tlsFirst(
    ...args: Parameters<NodeTransport["tlsFirst"]>
  ): ReturnType<NodeTransport["tlsFirst"]> {
    return guarded(await super.tlsFirst(...args));
  }
}

/** Connects as the package does, with sockets that are guarded. */
export function connectGuarded(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new GuardedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

function guarded<S extends Socket>(socket: S): S {
  // A closed socket says so by its event "close", so that its error can go.
  const ignore = () => {};
  const removeAll = socket.removeAllListeners.bind(socket);
  // Without an argument it takes all off, and with `undefined` none.
  socket.removeAllListeners = (...events: readonly (string | symbol)[]) => {
    removeAll(...events);
    return socket.on("error", ignore);
  };
  return socket.on("error", ignore);
}
