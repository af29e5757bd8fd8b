/** A measuring process that takes a candidate's source for a whole executable, so that tests can have it run anything. */
import type { Executable } from "../../lib/codegen/executable.ts";
import { executableOf } from "../../lib/measure/executable_of.ts";
import { serve } from "../../lib/measure/serve.ts";
import { NEVER_COMPILES } from "./hostile.ts";

if (import.meta.main) {
  await serve((func, candidate, target) => {
    if (!("source" in candidate)) return executableOf(func, candidate, target);
    while (candidate.source.entryPoint === NEVER_COMPILES);
    return JSON.parse(candidate.source.source) as Executable;
  });
}
