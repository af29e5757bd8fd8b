/** The parts of a shared page that scripts and readers find by their names. */
import type { BoundedReference, ReferenceFunction } from "../interp/bounded_reference.ts";

/** The id of the element with the manifest. */
export const MANIFEST = "tunebook-manifest";
/** The id of the link with the trials. */
export const TRIALS = "tunebook-trials";
/** The link's address: a data URL of gzip. Until 0.2.0 it was one of Arrow's stream format, without compression. */
export const TRIALS_URL = "data:application/gzip;base64,",
  OLD_TRIALS_URL = "data:application/vnd.apache.arrow.stream;base64,";
/** The name under which the link saves the trials. */
export const TRIALS_FILE = "trials.arrows.gz", OLD_TRIALS_FILE = "trials.arrows";

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
