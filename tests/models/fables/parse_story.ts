/**
 * Reads a fable back, independently of grammar.py: it fills the grammar's templates with all slots that are possible
 * and compares texts, where grammar.py makes regular expressions.
 */
import grammar from "./grammar.json" with { type: "json" };

/** The slots of a story, or the part that no template gives. */
export type Parsed =
  | { readonly slots: Readonly<Record<string, string>> }
  | { readonly wrong: string };

const SLOTS: Readonly<Record<string, readonly string[]>> = {
  ...grammar.slots,
  friend: grammar.slots.hero,
  lesson: Object.keys(grammar.lessons),
};
type Lesson = keyof typeof grammar.lessons;
type Slots = Readonly<Record<string, string>>;

/** Reads a whole story. All mentions of a slot have to agree, and all sentences to belong to one lesson. */
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
  if (rest !== "" || !slots) return { wrong: "after the moral" };
  return slots.friend === slots.hero ? { wrong: "meet" } : { slots };
}

/** All ways to read a part at the start of a text: the slots with it, and the part's length. */
function readPart(part: string, slots: Slots, text: string) {
  return templatesOf(part, slots).flatMap(({ template, lesson }) =>
    assignments(template, lesson === undefined ? slots : { ...slots, lesson })
      .map((filled) => ({ slots: filled, sentence: fill(template, filled) }))
      .filter(({ sentence }) => text === sentence || text.startsWith(`${sentence} `))
      .map(({ slots, sentence }) => ({ slots, length: sentence.length }))
  );
}

/** The templates of a part: for parts of a lesson, those of the story's lesson, or of all while it isn't known. */
function templatesOf(part: string, slots: Slots): readonly { template: string; lesson?: string }[] {
  const common = (grammar.story as Readonly<Record<string, readonly string[]>>)[part];
  if (common) return common.map((template) => ({ template }));
  const lessons = slots.lesson === undefined ? Object.keys(grammar.lessons) : [slots.lesson];
  return lessons.flatMap((lesson) =>
    grammar.lessons[lesson as Lesson][part as "problem" | "result"].map((template) => ({ template, lesson }))
  );
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
  const lesson = grammar.lessons[slots.lesson as Lesson];
  if (name === "idea") return lesson.idea.map((idea) => fill(idea, slots));
  return name === "moral" ? [lesson.moral] : SLOTS[name] as readonly string[];
}

function fill(template: string, slots: Slots): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => slots[name] as string);
}
