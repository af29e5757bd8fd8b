/** What a measuring process that ended without an answer means. */
import type { Failed } from "./measurement.ts";
import type { Ending } from "./measuring_process.ts";

/** Why a child did not start. */
export function reasonOf(end: Ending): string {
  switch (end.ended) {
    case "timeout":
      return "it does not answer";
    case "died":
      return end.how;
    case "outOfMemory":
      return memoryOf(end);
    default:
      return end satisfies never;
  }
}

function memoryOf({ bytes, limit }: Extract<Ending, { readonly ended: "outOfMemory" }>): string {
  const mib = (n: number) => `${Math.round(n / 2 ** 20)} MiB`;
  return `it took ${mib(bytes)} of memory, and up to ${mib(limit)} may be used (maxMemory)`;
}

/** What a candidate came to whose request ended without an answer. */
export function failureOfEnding(end: Ending, deadlineMs: number): Failed {
  switch (end.ended) {
    case "timeout":
      return {
        status: "timeout",
        message: `it did not end within ${(deadlineMs / 1000).toFixed(1)} s and was killed`,
        compileMs: NaN,
      };
    case "died":
      return { status: "deviceLost", message: `the measuring process died: ${end.how}`, compileMs: NaN };
    case "outOfMemory":
      return { status: "outOfMemory", message: `${memoryOf(end)}; its process was ended`, compileMs: NaN };
    default:
      return end satisfies never;
  }
}
