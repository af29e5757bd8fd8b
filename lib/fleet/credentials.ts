/** The user of a fleet's server. */
import type { Kind } from "../base/check_options.ts";
import { name, nested } from "../base/option_kinds.ts";
import { type JsonKinds, optional, readFields, textUpTo } from "../base/read_json.ts";
import { FleetError } from "./error.ts";

/** A user of the server. */
export interface Credentials {
  /** The address of the server. `deno task worker` takes it where `--connect` is missing. */
  readonly url?: string;
  /** The user's name: the tuner or worker has it, and the server gives rights by it. */
  readonly name?: string;
  /** The seed of an NKey, such as `SUAM…`. */
  readonly nkey?: string;
  /** A name, with `password`. */
  readonly user?: string;
  /** The password of `user`. */
  readonly password?: string;
  /** The certificate in PEM that the server's certificate is checked against. Default: those of the system. */
  readonly ca?: string;
}

/** The kind of credentials. */
export const credentialsKind: Kind<Credentials> = nested({
  url: name,
  name,
  nkey: name,
  user: name,
  password: name,
  ca: name,
});

const text = optional(textUpTo(20_000));
const FIELDS = { url: text, name: text, nkey: text, user: text, password: text, ca: text } as JsonKinds<
  Credentials
>;

/**
 * Reads credentials from the JSON text of a file.
 *
 * @throws {FleetError} where it has none
 */
export function credentialsFromText(json: string): Credentials {
  let read: Credentials | undefined;
  try {
    read = readFields(JSON.parse(json), FIELDS);
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e;
  }
  // What is in the file is secret, so the message doesn't show it.
  if (read) return read;
  throw new FleetError("expected credentials as JSON with nkey, or user and password, got something else");
}
