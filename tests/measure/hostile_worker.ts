/** A measuring process that takes a candidate's source for a whole executable, so that tests can have it run anything. */
import type { Executable } from "../../lib/codegen/executable.ts";
import { executableOf } from "../../lib/measure/executable_of.ts";
import { serve } from "../../lib/measure/serve.ts";

if (import.meta.main) {
  await serve((func, candidate, target) =>
    "source" in candidate
      ? JSON.parse(candidate.source.source) as Executable
      : executableOf(func, candidate, target)
  );
}
