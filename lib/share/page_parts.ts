/** The parts of a shared page that hold its data. */
/** The id of the element with the manifest. */
export const MANIFEST = "tunebook-manifest";
/** The id of the link with the trials. */
export const TRIALS = "tunebook-trials";
/** A data URL with the media type of Arrow's stream format (IANA's list of media types). */
export const TRIALS_URL = "data:application/vnd.apache.arrow.stream;base64,";
