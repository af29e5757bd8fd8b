/** The parts of a shared page that scripts and readers find by their names. */
import type { BoundedReference, ReferenceFunction } from "../interp/bounded_reference.ts";

/** The id of the element with the manifest. */
export const MANIFEST = "tunebook-manifest";
/** The id of the link with the trials. */
export const TRIALS = "tunebook-trials";
/** A data URL with the media type of Arrow's stream format (IANA's list of media types). */
export const TRIALS_URL = "data:application/vnd.apache.arrow.stream;base64,";

/** The id of the section that measures on the reader's device. */
export const HERE = "tunebook-here";
/** The id of the element with the script that measures, compressed. */
export const SCRIPT = "tunebook-script";
/** The global variable of that script's exports. */
export const SCRIPT_GLOBAL = "tunebookPage";
/** The global variable with the references of the page's programs, by their positions in the manifest. */
export const REFERENCES = "tunebookReferences";

/** The references of a page's programs, by position. */
export type PageReferences = Readonly<Record<number, BoundedReference<ReferenceFunction>>>;

/** The ids of a worker page's elements. */
export const WORKER = {
  credentials: "tunebook-credentials",
  device: "tunebook-device",
  state: "tunebook-state",
  jobs: "tunebook-jobs",
  chart: "tunebook-chart",
  stop: "tunebook-stop",
} as const;
