/**
 * Names that have changed. Files of earlier versions hold the old ones; every reader looks them up here, and the
 * rest of the code knows the present names only.
 */

/** Present names by old ones. */
export type Renamed = Readonly<Record<string, string>>;

/** All names that files hold and that have changed. */
export interface OldNames {
  /** Steps of a trace. */
  readonly steps: Renamed;
  /** Rules. */
  readonly rules: Renamed;
  /** Knobs, by the present name of their rule: a user's own template may use any name. */
  readonly knobs: Readonly<Record<string, Renamed>>;
}

/** The names that have changed since version 0.1.0. */
export const OLD_NAMES: OldNames = { steps: {}, rules: {}, knobs: {} };

/** Looks up the present name; an unchanged name is returned as it is. */
export function presentName(name: string, renamed: Renamed): string {
  return Object.hasOwn(renamed, name) ? renamed[name] as string : name;
}

/** Renames the fields of an object that is keyed by the knobs of `rule`, such as a configuration. */
export function presentKnobs<T>(
  rule: string,
  byKnob: Readonly<Record<string, T>>,
  names: OldNames,
): Readonly<Record<string, T>> {
  const renamed = knobsOf(rule, names);
  return Object.fromEntries(Object.entries(byKnob).map(([knob, x]) => [presentName(knob, renamed), x]));
}

/** The renamed knobs of a rule. */
export function knobsOf(rule: string, { knobs }: OldNames): Renamed {
  return Object.hasOwn(knobs, rule) ? knobs[rule] as Renamed : {};
}
