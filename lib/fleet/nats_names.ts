/** Names on the server of a fleet: users get their rights by them. */

/** The stream of jobs. */
export const JOBS = "TUNEBOOK_JOBS";
/** The stream of answers. */
export const ANSWERS = "TUNEBOOK_ANSWERS";
/** The key-value store of present workers. */
export const WORKERS = "tunebook_workers";
/** The object store of programs and large jobs. */
export const OBJECTS = "tunebook_objects";

/** Gives the durable consumer of a device class. */
export function durableOf(key: string): string {
  return `device_${key}`;
}

/** Gives the subject of a device class's jobs. */
export function jobSubject(key: string): string {
  return `tunebook.job.${key}`;
}

/** Gives the subject of a worker's answers to a box. */
export function answerSubject(box: string, worker: string): string {
  return `tunebook.answer.${box}.${worker}`;
}
