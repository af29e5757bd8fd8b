"""Makes conversations from grammar.json, and reads a story back: the slots of a whole story, or None."""

import json
import random
import re
import sys
from pathlib import Path

G = json.loads(Path(__file__).with_name("grammar.json").read_text(encoding="utf-8"))
SLOTS, STORY, ORDER, LESSONS = G["slots"], G["story"], G["order"], G["lessons"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Words of the user that the model must not know; every seventh is kept for the evaluation.
KEPT = {
    kind: words[::7] for kind, words in (("words", G["unknown"]["words"]), ("proper", G["unknown"]["proper"]))
}
SEEN = {kind: [w for w in G["unknown"][kind] if w not in KEPT[kind]] for kind in KEPT}


def fill(text, slots):
    """Puts the slots into a template."""
    return re.sub(r"\{(\w+)\}", lambda m: slots[m[1]], text)


def draw(r):
    """Draws the slots of a story."""
    s = {k: r.choice(v) for k, v in SLOTS.items()}
    s["lesson"] = r.choice(list(LESSONS))
    way, moral = r.choice(LESSONS[s["lesson"]]["ways"]), LESSONS[s["lesson"]]["moral"]
    return {**s, "cargo": way["cargo"], "idea": way["idea"], "moral": moral}


def ways():
    """All ways to learn a lesson, each under its load: a load belongs to one way."""
    return {way["cargo"]: (lesson, way) for lesson, l in LESSONS.items() for way in l["ways"]}


def held_out(s):
    """Tells whether hero, trait and lesson are asked together in the evaluation only."""
    at = SLOTS["hero"].index(s["hero"]) + SLOTS["trait"].index(s["trait"]) + list(LESSONS).index(s["lesson"])
    return at % 11 == 0


def story(r, s):
    """Writes a story with these slots."""
    _, way = WAYS[s["cargo"]]
    parts = [r.choice(STORY[p]) if p in STORY else way[p] for p in ORDER]
    return " ".join(fill(p, s) for p in parts)


def pattern():
    """Makes a regular expression for each sentence of a story, and the slots that it decides; a slot becomes a group."""
    found = {}
    for part in ORDER:
        rows = (
            [({}, t) for t in STORY[part]]
            if part in STORY
            else [({"lesson": n, "cargo": cargo}, way[part]) for cargo, (n, way) in WAYS.items()]
        )
        found[part] = [
            (n, re.compile(re.sub(r"\\\{(\w+)\\\}", lambda m: group(m[1]), re.escape(t)))) for n, t in rows
        ]
    return found


def group(slot):
    """The regular expression of a slot."""
    if slot == "idea":
        return '(?P<idea>[^"]+?)'
    morals = [lesson["moral"] for lesson in LESSONS.values()]
    words = {"lesson": list(LESSONS), "moral": morals, "cargo": list(WAYS), **SLOTS}[slot]
    return f"(?P<{slot}>{'|'.join(map(re.escape, words))})"


def unique(expression):
    """Names a group once; later uses of it refer back to it."""
    seen = set()

    def again(m):
        if m[1] in seen:
            return f"(?P={m[1]})"
        seen.add(m[1])
        return m[0]

    return re.sub(r"\(\?P<(\w+)>(?:[^()]+)\)", again, expression)


WAYS = ways()
PARTS = {part: [(n, re.compile(unique(e.pattern))) for n, e in rows] for part, rows in pattern().items()}


def parse(text):
    """
    Reads a whole story. The result has its slots, or `error`: the part that doesn't parse, or the slot that changes.
    A story is consistent if every mention of a slot says the same and all sentences belong to one way to one lesson.
    """
    slots, at = {}, 0
    for part in ORDER:
        found = None
        for decided, expression in PARTS[part]:
            m = expression.match(text, at)
            if m and (m.end() == len(text) or text[m.end()] == " "):
                found = (decided, m)
                break
        if not found:
            return {**slots, "error": part}
        decided, m = found
        for k, v in {**decided, **m.groupdict()}.items():
            if slots.setdefault(k, v) != v:
                return {**slots, "error": f"{part}: {k} {slots[k]}, then {v}"}
        at = m.end() + 1
    if at != len(text) + 1:
        return {**slots, "error": "after the moral"}
    lesson, way = WAYS[slots["cargo"]]
    if slots["idea"] != way["idea"]:
        return {**slots, "error": "advice: another one's"}
    if slots["moral"] != LESSONS[lesson]["moral"]:
        return {**slots, "error": "moral: another lesson's"}
    return slots


def request(r, s):
    """Asks for a story: the question, and the slots that it names."""
    if r.random() < 0.08:
        return r.choice(G["requests"]["any"]), []
    subject = r.choices([t for _, t in G["requests"]["subject"]], [w for w, _ in G["requests"]["subject"]])[0]
    return f"{r.choice(G['requests']['begin'])} {fill(subject, s)}.", re.findall(r"\{(\w+)\}", subject)


def ask_story(r, evaluation=False):
    """A question for a story, its answer, the story's slots and the names of the slots asked for."""
    while True:
        s = draw(r)
        question, asked = request(r, s)
        if {"hero", "trait", "lesson"} <= set(asked):
            if held_out(s) == evaluation:
                break
        elif not evaluation:
            break
    return question, story(r, s), s, asked


def fables(r):
    """A story, questions about it, sometimes another story."""
    question, answer, s, _ = ask_story(r)
    said = [(question, answer)]
    for _ in range(r.choice([0, 0, 1, 1, 2, 3])):
        q, a = r.choice(G["follow"])
        said.append((fill(q, s), fill(a, s)))
    if r.random() < 0.1:
        s = draw(r)
        said.append((r.choice(G["requests"]["another"]), story(r, s)))
    return said


def glossary(r):
    """A definition."""
    term = r.choice(list(G["glossary"]))
    question = fill(r.choice(G["define"]), {"term": term})
    return [(question[0].upper() + question[1:], G["glossary"][term])]


def talk(r):
    """Small talk."""
    asks, replies = r.choice(G["talk"])
    return [(r.choice(asks), r.choice(replies))]


def spelled(r):
    """A word that has no token of its own, spelled at random."""
    n = r.choice([2, 3, 4, 4, 5, 5, 6, 7, 8])
    word = ""
    while len(word) < n:
        word += r.choice("bcdfghjklmnprstvwz") + r.choice("aeiou") if r.random() < 0.7 else r.choice(LETTERS)
    return word[:n]


def unknown_word(r, kind, evaluation=False):
    """A word that the model doesn't know."""
    if evaluation:
        return r.choice(KEPT[kind])
    if r.random() < 0.6:
        return r.choice(SEEN[kind])
    return spelled(r).capitalize() if kind == "proper" else spelled(r)


def unknown(r, evaluation=False):
    """A question that the model can't answer."""
    word = lambda kind: unknown_word(r, kind, evaluation)
    if r.random() < 0.3:
        text = r.choice(G["unknown"]["subjects"])
        text = fill(strange(text, word, r), {**draw(r), "name": r.choice(G["names"]["known"])})
        return [(f"{r.choice(G['requests']['begin'])} {text}.", G["unknown"]["word"])]
    text = strange(r.choice(G["unknown"]["asks"]), word, r)
    return [(text[0].upper() + text[1:], G["unknown"]["reply"][0])]


def strange(text, word, r):
    """Puts unknown words and numbers into a template."""
    text = re.sub(r"\{x\}", lambda _: word("words"), text)
    text = re.sub(r"\{X\}", lambda _: word("proper"), text)
    return re.sub(r"\{n\}", lambda _: str(r.randint(1, 99)), text)


def untold(r):
    """A question about a fable that wasn't told."""
    return [(fill(r.choice(G["follow"])[0], draw(r)), G["untold"])]


def roles(r):
    """A request for an animal in the other role: a friend that learns, or a hero that gives advice."""
    asks, reply = r.choice(list(G["roles"].values()))
    s, animals = draw(r), {kind: r.sample(SLOTS[kind], 2) for kind in ("hero", "friend")}
    text = re.sub(r"\{(hero|friend)\}", lambda m: animals[m[1]].pop(), r.choice(asks))
    return [(f"{r.choice(G['requests']['begin'])} {fill(text, s)}.", reply)]


def filler(r):
    """What may be said between a name and the question for it."""
    return r.choices([talk, glossary, unknown, fables], [4, 4, 2, 1])[0](r)


def names(r):
    """A name is given, something else is said, the name is asked for. Or it is asked for and isn't known."""
    n = G["names"]
    given, known = r.random() < 0.82, r.random() < 0.8
    name = r.choice(n["known"]) if known else unknown_word(r, "proper")
    said = []
    if given:
        greeting = fill(r.choice(n["greet"]), {"name": name}) if known else n["strange"]
        said = [(fill(r.choice(n["give"]), {"name": name}), greeting)]
    for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
        said += filler(r)
    return said + [
        (r.choice(n["ask"]), fill(n["recall"][0], {"name": name}) if given and known else n["unknown"][0])
    ]


def roughly(r, question):
    """A question as people type it: sometimes without its capital or its last mark."""
    if r.random() < 0.15:
        question = question[0].lower() + question[1:]
    return question[:-1] if r.random() < 0.15 and question[-1] in ".?!" else question


KINDS = [(fables, 33), (names, 27), (unknown, 14), (glossary, 14), (talk, 8), (untold, 4), (roles, 5)]


def conversation(r):
    """A conversation: pairs of a question and its answer. A text without a question has an empty one."""
    if r.random() < 0.04:
        return [("", story(r, draw(r)))]
    said = r.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0](r)
    while r.random() < 0.2:
        said = said + r.choices([glossary, talk, unknown], [9, 7, 4])[0](r)
    return [(roughly(r, q), a) for q, a in said]


def texts():
    """The texts whose words are the vocabulary: all of the grammar, without the words that the model doesn't know."""
    r, n = random.Random(0), G["names"]
    said = [pair for _ in range(3000) for make in (fables, glossary, talk) for pair in make(r)]
    said += [
        (fill(q, {"name": name}), fill(a, {"name": name}))
        for name in n["known"]
        for q in n["give"]
        for a in n["greet"] + n["recall"]
    ]
    said += [(q, a) for q in n["ask"] for a in (n["unknown"][0], n["strange"])]
    blank = lambda text: re.sub(r" ?\{(x|X|n)\}", "", text)
    said += [(blank(q), G["unknown"]["reply"][0]) for q in G["unknown"]["asks"]]
    said += [
        (fill(blank(q), {**draw(r), "name": ""}), G["unknown"]["word"]) for q in G["unknown"]["subjects"]
    ]
    said += [("", G["untold"]), *[("", reply) for _, reply in G["roles"].values()]]
    return [t for q, a in said for t in (q, q[:1].lower() + q[1:], a)]


def main():
    """Writes COUNT stories as JSON, with their slots: python3 grammar.py COUNT SEED."""
    count, r = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    rows = []
    for _ in range(count):
        s = draw(r)
        rows.append({"story": story(r, s), "slots": s})
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
