import { OWN_PRESET, type RerunRow } from "../records/rerun.ts";
import { labelOf } from "./methods.ts";

/** Labels a row of a rerun. The rule's preset has two labels if it differs between the devices. */
export function scheduleLabel({ contestant, task }: RerunRow, rows: readonly RerunRow[]): string {
  const own = rows.some((r) => r.task === task && r.contestant === OWN_PRESET);
  if (contestant === OWN_PRESET) return "DLight, for here";
  return own && contestant === "dlight" ? "DLight, for there" : labelOf(contestant);
}
