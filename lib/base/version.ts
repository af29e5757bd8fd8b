/** The version in deno.json; a module that is loaded from elsewhere has no deno.json to ask. */
export const VERSION = "0.2.0";
