<<<<<<< HEAD
/** The version in deno.json, repeated here because deno.json is absent where the module is loaded over http(s). */
export const VERSION = "0.1.0";
=======
/** The version in deno.json; a module that is loaded from elsewhere has no deno.json to ask. */
export const VERSION = "0.2.0";
>>>>>>> main
