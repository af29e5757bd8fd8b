"""
Measures a trained model: python3 evaluate.py DIR [--stories N] [--temperature T] [--samples FILE]. All figures are of
the weights that the folder holds, on conversations that training never had.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import torch

import grammar
from export import load
from model import dequantized, generate
from tokenizer import END


def replies(model, tokenizer, prompts, temperature, seed=0, limit=180):
    """The model's answers. Prompts of one length are answered together."""
    groups, found = defaultdict(list), [""] * len(prompts)
    for i, p in enumerate(prompts):
        groups[len(p)].append(i)
    generator = torch.Generator().manual_seed(seed)
    for length, rows in groups.items():
        for at in range(0, len(rows), 32):
            part = rows[at : at + 32]
            for i, ids in zip(
                part,
                generate(model, [prompts[i] for i in part], END, limit, temperature, generator=generator),
            ):
                found[i] = tokenizer.decode(ids)
    return found


def questions(r, count):
    """Conversations of each kind: what was said, the question, the expected answer."""
    n, kinds = grammar.G["names"], defaultdict(list)
    for _ in range(count):
        name, said = r.choice(n["known"]), []
        for _ in range(r.choice([0, 1, 2])):
            said += grammar.filler(r)
        given = lambda name: (
            grammar.fill(r.choice(n["give"]), {"name": name}),
            grammar.fill(r.choice(n["greet"]), {"name": name}),
        )
        asked = lambda name: (r.choice(n["ask"]), grammar.fill(n["recall"][0], {"name": name}))
        kinds["name recalled"].append(([given(name), *said], *asked(name)))
        strange = r.choice([f"{grammar.spelled(r).capitalize()}o", r.choice(grammar.KEPT["proper"])])
        kinds["name it has no word for"].append(([], given(strange)[0], n["strange"]))
        kinds["name never given"].append((said, r.choice(n["ask"]), n["unknown"][0]))
        kinds["does not know"].append(([], *grammar.unknown(r, True)[0]))
        kinds["definition"].append(([], *grammar.glossary(r)[0]))
        kinds["fable never told"].append(([], *grammar.untold(r)[0]))
        kinds["animal in the other role"].append(([], *grammar.roles(r)[0]))
        kinds["small talk"].append(([], *grammar.talk(r)[0]))
        question, story, s, _ = grammar.ask_story(r)
        q, a = r.choice(grammar.G["follow"])
        kinds["question about the story"].append(
            ([(question, story)], grammar.fill(q, s), grammar.fill(a, s))
        )
    return kinds


def right(kind, reply, expected):
    """Tells whether an answer is right: word for word, or not knowing, in either form."""
    return reply.startswith("I do not know") if kind == "does not know" else reply == expected


def stories(model, tokenizer, count, temperature, r):
    """Asks for stories whose hero, trait and lesson were never asked for together, and reads them."""
    asked = [grammar.ask_story(r, True) for _ in range(count)]
    told = replies(model, tokenizer, [tokenizer.prompt([], q) for q, *_ in asked], temperature)
    rows = []
    for (question, _, slots, names), text in zip(asked, told):
        found = grammar.parse(text)
        first = text.split(".")[0]
        moral = text.rsplit("The moral of ", 1)[-1].split(":")[0]
        as_asked = all(found.get(k) == slots[k] for k in names)
        hero, lesson = f" {slots['hero']} lived" in first, moral == slots["lesson"]
        rows.append(
            {
                "question": question,
                "story": text,
                "found": found,
                "asAsked": as_asked,
                "hero": hero,
                "lesson": lesson,
            }
        )
    return rows


def percent(part, whole):
    return f"{100 * part / max(1, whole):.1f}% ({part} of {whole})"


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("dir", help="the folder of train.py, or a checkpoint")
    p.add_argument("--stories", type=int, default=200)
    p.add_argument("--others", type=int, default=100)
    p.add_argument("--temperature", type=float, default=0.0)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--samples", help="write 40 of the stories to a file of JSON")
    p.add_argument("--verbose", action="store_true", help="print the answers that are wrong")
    o = p.parse_args()
    torch.set_num_threads(1)
    at = Path(o.dir)
    model, tokenizer = load(at / "checkpoint.pt" if at.is_dir() else at)
    dequantized(model)
    r = random.Random(o.seed)
    print(
        f"temperature {o.temperature}, {o.stories} stories, {o.others} questions of each other kind, seed {o.seed}"
    )
    rows = stories(model, tokenizer, o.stories, o.temperature, r)
    whole = [row for row in rows if "error" not in row["found"]]
    print("whole story, all slots consistent:", percent(len(whole), len(rows)))
    print("and all slots as asked:", percent(sum(row["asAsked"] for row in whole), len(rows)))
    print("hero as asked:", percent(sum(row["hero"] for row in rows), len(rows)))
    print("lesson as asked:", percent(sum(row["lesson"] for row in rows), len(rows)))
    errors = defaultdict(int)
    for row in rows:
        if "error" in row["found"]:
            errors[row["found"]["error"].split(",")[0]] += 1
    print("what is wrong:", dict(sorted(errors.items(), key=lambda x: -x[1])[:8]))
    for kind, cases in questions(r, o.others).items():
        told = replies(model, tokenizer, [tokenizer.prompt(said, q) for said, q, _ in cases], o.temperature)
        ok = [right(kind, t, e) for t, (_, _, e) in zip(told, cases)]
        print(f"{kind}: {percent(sum(ok), len(ok))}")
        if o.verbose:
            for t, (_, q, e), k in zip(told, cases, ok):
                if not k:
                    print(f"  {q} | {t} | {e}")
    if o.samples:
        samples = {"temperature": o.temperature, "seed": o.seed, "stories": rows[:40]}
        Path(o.samples).write_text(json.dumps(samples, indent=1) + "\n")


if __name__ == "__main__":
    main()
