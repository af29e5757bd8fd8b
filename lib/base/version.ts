/** The version in deno.json, repeated here because deno.json is absent where the module is loaded over http(s). */
export const VERSION = "0.2.0";
