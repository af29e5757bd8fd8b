/** The configuration of a fleet's server: users with as few rights as their work needs. */
import { nkeys } from "npm:@nats-io/nats-core@3.4.0";
import { ANSWERS, JOBS, OBJECTS, WORKERS } from "./nats_names.ts";

/** A user with a fresh NKey. The server knows the public half only. */
export interface ServerUser {
  /** The name of the tuner or worker. */
  readonly name: string;
  /** What it may do: make what is missing, ask for work, or work. */
  readonly role: "admin" | "tuner" | "worker";
  readonly publicKey: string;
  /** The secret half. */
  readonly seed: string;
}

/** Makes a user. */
export function createUser(name: string, role: ServerUser["role"]): ServerUser {
  const pair = nkeys.createUser();
  return { name, role, publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
}

/** Where the server listens, and its users. */
export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** A listener for pages. Default: none. */
  readonly webSocket?: { readonly host: string; readonly port: number };
  /** Files of the server's certificate and its key, in PEM. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The folder of its streams. */
  readonly folder: string;
  /** Default: none; every connection has all rights, as on a machine of one user. */
  readonly users?: readonly ServerUser[];
  /** The most that streams take on the disk, bytes. Default 4 GiB. */
  readonly mostBytes?: number;
}

/** Writes the configuration as nats-server reads it. Its syntax contains JSON. */
export function serverConfig(options: ServerOptions): string {
  const { host, port, webSocket, tls, folder, users, mostBytes = 4 * 2 ** 30 } = options;
  const certificate = tls ? { cert_file: tls.cert, key_file: tls.key } : undefined;
  const config = {
    host,
    port,
    server_name: "tunebook",
    max_payload: 1 << 20,
    max_connections: 1000,
    jetstream: { store_dir: folder, max_file_store: mostBytes, max_memory_store: 1 << 28 },
    ...(certificate ? { tls: certificate } : {}),
    ...(webSocket
      ? { websocket: { ...webSocket, ...(certificate ? { tls: certificate } : { no_tls: true }) } }
      : {}),
    ...(users
      ? {
        authorization: {
          users: users.map((user) => ({ nkey: user.publicKey, permissions: permissionsOf(user) })),
        },
      }
      : {}),
  };
  return JSON.stringify(config, undefined, 2);
}

interface Permissions {
  readonly publish: { readonly allow: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

/** The subjects of a user. */
export function permissionsOf({ name, role }: Pick<ServerUser, "name" | "role">): Permissions {
  const subscribe = { allow: [`_INBOX_${name}.>`] };
  switch (role) {
    case "admin":
      return { publish: { allow: [">"] }, subscribe: { allow: [">"] } };
    case "tuner":
      return { publish: { allow: [...common(name), ...ofTuner(name)] }, subscribe };
    case "worker":
      return { publish: { allow: [...common(name), ...ofWorker(name)] }, subscribe };
    default:
      return role satisfies never;
  }
}

const API = "$JS.API";

/** Finding the streams, the queues of all classes, and reading objects. */
function common(name: string): readonly string[] {
  return [
    `_INBOX_${name}.>`,
    `${API}.INFO`,
    `${API}.STREAM.INFO.*`,
    `${API}.CONSUMER.INFO.${JOBS}.*`,
    `${API}.CONSUMER.CREATE.${JOBS}.*.tunebook.job.*`,
    ...readable(`OBJ_${OBJECTS}`),
  ];
}

/** Reading a whole stream: the last value of a subject, and consumers of one's own. */
function readable(stream: string): readonly string[] {
  return [
    `${API}.STREAM.MSG.GET.${stream}`,
    `${API}.DIRECT.GET.${stream}`,
    `${API}.DIRECT.GET.${stream}.>`,
    `${API}.CONSUMER.CREATE.${stream}.>`,
    `${API}.CONSUMER.INFO.${stream}.*`,
    `${API}.CONSUMER.DELETE.${stream}.*`,
    `$JS.FC.${stream}.>`,
  ];
}

/** A tuner publishes and withdraws jobs, stores objects, and reads its own answers and the offers of all workers. */
function ofTuner(name: string): readonly string[] {
  return [
    "tunebook.job.*",
    `${API}.STREAM.MSG.DELETE.${JOBS}`,
    `${API}.CONSUMER.CREATE.${ANSWERS}.*.tunebook.answer.${name}.>`,
    `${API}.CONSUMER.INFO.${ANSWERS}.*`,
    `${API}.CONSUMER.MSG.NEXT.${ANSWERS}.*`,
    `${API}.CONSUMER.DELETE.${ANSWERS}.*`,
    ...readable(`KV_${WORKERS}`),
    `$O.${OBJECTS}.>`,
    `${API}.STREAM.PURGE.OBJ_${OBJECTS}`,
  ];
}

/** A worker takes jobs, answers under its own name, and says that it is there. */
function ofWorker(name: string): readonly string[] {
  return [
    `${API}.CONSUMER.MSG.NEXT.${JOBS}.*`,
    `$JS.ACK.${JOBS}.>`,
    `tunebook.answer.*.*.${name}`,
    `$KV.${WORKERS}.${name}`,
  ];
}
