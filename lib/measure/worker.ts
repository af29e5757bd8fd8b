/** The program of the measuring process. */
import { executableOf } from "./executable_of.ts";
import { serve } from "./serve.ts";

if (import.meta.main) await serve(executableOf);
