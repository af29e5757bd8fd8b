/** The version in deno.json, which who loads the module from elsewhere has not. */
export const VERSION = "0.1.0";
