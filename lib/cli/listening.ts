/** Where a command listens: its options, and what is wrong with an address, in one line. */
import { TunebookError } from "../base/error.ts";
import { integer, name } from "../base/option_kinds.ts";
import type { CliOption } from "./arguments.ts";

/** The option of a port. */
export function portOption(value: string, help: string, min: 0 | 1 = 0) {
  return { as: "number", kind: integer({ min, max: 65535 }), value, help } as const satisfies CliOption;
}

/** The option of an address, which is this machine's alone where it is missing. */
export function hostOption(needs: string) {
  return {
    as: "text",
    kind: name,
    value: "HOST",
    help: `Address to listen at. Default 127.0.0.1. Another one needs ${needs}.`,
  } as const satisfies CliOption;
}

/** Tells whether an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  return ["127.0.0.1", "localhost", "::1"].includes(host);
}

/** Tells whether an address stands for all those of this machine: another machine cannot connect to it. */
export function isEveryAddress(host: string): boolean {
  return /^[0:.]+$/.test(host);
}

/** Gives the addresses under which other machines may reach this one. */
export function ownAddresses(): readonly string[] {
  return Deno.networkInterfaces()
    .filter(({ address }) => !/^(127\.|::1$|fe80:)/.test(address))
    .toSorted((a, b) => a.family.localeCompare(b.family))
    .map((i) => i.address);
}

/** Writes an address as a URL has it. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/**
 * Starts to listen.
 *
 * @throws {TunebookError} for a port that is taken or not allowed, and an address that this machine doesn't have
 */
export function listening<T>(host: string, port: number, listen: () => T): T {
  try {
    return listen();
  } catch (e) {
    if (e instanceof Deno.errors.AddrInUse) {
      throw new TunebookError(`expected a free port, got ${port}, where something listens; take another one`);
    }
    if (e instanceof Deno.errors.AddrNotAvailable) {
      const own = ownAddresses().join(", ") || "127.0.0.1 only";
      throw new TunebookError(`expected an address of this machine, got ${host}; it has ${own}`);
    }
    if (!(e instanceof Deno.errors.PermissionDenied)) throw e;
    throw new TunebookError(`expected a port that this user may take, got ${port}; take one above 1023`);
  }
}
