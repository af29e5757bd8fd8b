/**
 * The fingerprint of every operator's programs: records of earlier versions are found by them, so none may change.
 * The goldens were written by version 0.1.0.
 */
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { golden } from "../golden.ts";
import { PROGRAMS, SUITES } from "./programs.ts";

Deno.test("every operator's programs have the fingerprints that records know", () => {
  // One line for each operator and set of options, for all of their values.
  const groups = Map.groupBy(
    PROGRAMS,
    ({ operator, options }) => `${operator}(${Object.keys(options).join(", ")})`,
  );
  const lines = [...groups].map(([call, programs]) => {
    const rows = programs.map((p) => `${JSON.stringify(p.options)} ${fingerprint(p.func)}`);
    return `${digest(rows)} ${call}, ${rows.length} programs`;
  });
  golden("op/fingerprints.txt", lines.join("\n"));
});

Deno.test("every kernel of every suite has the fingerprint, name and count that records know", () => {
  const lines = [...SUITES].map(([call, kernels]) => {
    const rows = kernels.map((k) =>
      `${k.phase} ${k.name} ${k.count} ${JSON.stringify(k.shapes)} ${fingerprint(k.func)}`
    );
    return `${digest(rows)} ${call}, ${rows.length} kernels`;
  });
  golden("op/suite_fingerprints.txt", lines.join("\n"));
});

/** 64 bits of some lines as FNV-1a. */
function digest(lines: readonly string[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(lines.join("\n"))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
