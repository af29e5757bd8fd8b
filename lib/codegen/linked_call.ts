/** What linking makes a program of: values, and calls of compiled functions. */
import type { StorageType } from "../ir/dtype.ts";
import type { ExprJson } from "../ir/json.ts";
import type { Executable } from "./executable.ts";

/** A value of a linked program. */
export interface LinkedValue {
  /** Its name. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: StorageType;
  /** Dimensions; a shape variable is given by name. */
  readonly shape: readonly ExprJson[];
  /** `inPlace`: an input that calls update. `temp`: it is between two calls, and lies in a storage. */
  readonly role: "input" | "output" | "inPlace" | "temp";
  /** The storage of a temp, by its index. */
  readonly storage?: number;
}

/** The call of a compiled function. */
export interface LinkedCall {
  /** The function. */
  readonly executable: Executable;
  /** The values of its inputs, in order: of what it updates in place too. */
  readonly args: readonly LinkedValue[];
  /** The values of its outputs, in order; what it updates in place is none of them. */
  readonly results: readonly LinkedValue[];
  /** The storages of its temps, in the order in which its buffers list them. */
  readonly workspace: readonly number[];
  /** The textures to which a run copies its inputs, by their indices; undefined for an input that is read where it lies. */
  readonly textures: readonly (number | undefined)[];
}
