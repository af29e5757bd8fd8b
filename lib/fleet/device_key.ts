import type { Target } from "../target/target.ts";
import { contentName, sortedJson } from "./content.ts";

/**
 * Gives the key of a device class, 16 hexadecimal digits: devices with all capabilities, limits, adapter and runtime
 * alike. Measured peaks differ within a class.
 */
export async function deviceKey({ peaks: _, ...rest }: Target): Promise<string> {
  return (await contentName(new TextEncoder().encode(sortedJson(rest)))).slice(0, 16);
}
