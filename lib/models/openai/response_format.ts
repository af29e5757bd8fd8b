import { type Kind, valueProblem } from "../../base/check_options.ts";
import { flag, name, nested, oneOf, passing, required, text } from "../../base/option_kinds.ts";

/** What a generated text must be. The names are OpenAI's, but for `regex`. */
export type ResponseFormat =
  /** Any text. */
  | { readonly type: "text" }
  /** An object of JSON. */
  | { readonly type: "json_object" }
  /** JSON that a schema describes. */
  | { readonly type: "json_schema"; readonly json_schema: JsonSchemaFormat }
  /** Text that a regular expression matches, all of it. */
  | { readonly type: "regex"; readonly pattern: string };

/** A JSON schema with a name. */
export interface JsonSchemaFormat {
  /** What the schema is called; it changes nothing. */
  readonly name?: string;
  /** What it is for; it changes nothing. */
  readonly description?: string;
  /** The schema: an object of JSON. */
  readonly schema: object;
  /** Whether objects have no other properties than the schema names. Default: true. */
  readonly strict?: boolean;
}

const schema: Kind<object> = passing<object>(
  "a JSON schema, an object",
  (x) => typeof x === "object" && x !== null && !Array.isArray(x),
);

/** What each type has besides it. */
const PARTS = {
  text: {},
  json_object: {},
  json_schema: {
    json_schema: required(nested({ name, description: text, schema: required(schema), strict: flag })),
  },
  regex: { pattern: required(name) },
} as const;
const TYPES = Object.keys(PARTS) as readonly (keyof typeof PARTS)[];
const typed = nested({ type: required(oneOf(...TYPES)) });

/** The kind of a {@linkcode ResponseFormat}. */
export const responseFormat: Kind<ResponseFormat> = {
  takes: `an object with a type: ${TYPES.join(", ")}`,
  is: typed.is,
  inside: (where, name, x) => {
    const { type } = x as ResponseFormat;
    return typed.inside?.(where, name, { type }) ??
      valueProblem(where, name, x, nested({ type: required(oneOf(type)), ...PARTS[type] }));
  },
};
