/**
 * Reads a fable back, independently of grammar.py: it fills the grammar's templates with all slots that are possible
 * and compares texts, where grammar.py makes regular expressions.
 */
import grammar from "./grammar.json" with { type: "json" };

/** The slots of a story, or the part that no template gives. */
export type Parsed =
  | { readonly slots: Readonly<Record<string, string>> }
  | { readonly wrong: string };

const WAYS = Object.entries(grammar.lessons).flatMap(([lesson, { ways, moral }]) =>
  ways.map((way) => ({ ...way, lesson, moral }))
);
const SLOTS: Readonly<Record<string, readonly string[]>> = {
  ...grammar.slots,
  lesson: Object.keys(grammar.lessons),
  cargo: WAYS.map((way) => way.cargo),
};
type Slots = Readonly<Record<string, string>>;

/** Reads a whole story. All mentions of a slot have to agree, and all sentences to belong to one way to a lesson. */
export function parseStory(text: string): Parsed {
  let rest = text, states: readonly Slots[] = [{}];
  for (const part of grammar.order) {
    const found = states.flatMap((slots) => readPart(part, slots, rest));
    const longest = Math.max(...found.map((f) => f.length));
    if (found.length === 0) return { wrong: part };
    states = found.filter((f) => f.length === longest).map((f) => f.slots);
    rest = rest.slice(longest).replace(/^ /, "");
  }
  const [slots] = states;
  return rest === "" && slots ? { slots } : { wrong: "after the moral" };
}

/** All ways to read a part at the start of a text: the slots with it, and the part's length. */
function readPart(part: string, slots: Slots, text: string) {
  return templatesOf(part, slots).flatMap(({ template, decided }) =>
    assignments(template, { ...slots, ...decided })
      .map((filled) => ({ slots: filled, sentence: fill(template, filled) }))
      .filter(({ sentence }) => text === sentence || text.startsWith(`${sentence} `))
      .map(({ slots, sentence }) => ({ slots, length: sentence.length }))
  );
}

/** The templates of a part, and the slots that each decides: a way's sentence decides the lesson and the load. */
function templatesOf(part: string, slots: Slots): readonly { template: string; decided?: Slots }[] {
  const common = (grammar.story as Readonly<Record<string, readonly string[]>>)[part];
  if (common) return common.map((template) => ({ template }));
  return waysOf(slots).map((way) => ({
    template: way[part as "problem" | "result"],
    decided: { lesson: way.lesson, cargo: way.cargo },
  }));
}

/** The ways that the slots leave open. */
function waysOf({ lesson, cargo }: Slots) {
  return WAYS.filter((way) => way.lesson === (lesson ?? way.lesson) && way.cargo === (cargo ?? way.cargo));
}

/** The slots with every value that the template's unknown ones can have. */
function assignments(template: string, slots: Slots): readonly Slots[] {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map((m) => m[1] as string);
  return [...new Set(names)].filter((name) => slots[name] === undefined).reduce<readonly Slots[]>(
    (all, name) => all.flatMap((s) => valuesOf(name, s).map((value) => ({ ...s, [name]: value }))),
    [slots],
  );
}

function valuesOf(name: string, slots: Slots): readonly string[] {
  return name === "idea" || name === "moral"
    ? waysOf(slots).map((way) => way[name])
    : SLOTS[name] as readonly string[];
}

function fill(template: string, slots: Slots): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => slots[name] as string);
}
