"""A byte-level tokenizer whose vocabulary is the grammar's own words: one token each, all else byte by byte."""

import json
import re
import sys
from collections import Counter

SPECIAL = ["<|begin|>", "<|user|>", "<|assistant|>", "<|end|>"]
BEGIN, USER, ASSISTANT, END = range(4)
# ASCII alone decides where a word ends, so that no table of Unicode is needed and every engine agrees.
WORDS = r" ?[A-Za-z']+| ?[0-9]| ?[^A-Za-z0-9' ]+| "
PATTERN = re.compile(WORDS)


def byte_letters():
    """The letter that stands for each byte in a byte-level vocabulary: printable bytes stand for themselves."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}


LETTER = byte_letters()
BYTE = {letter: b for b, letter in LETTER.items()}


def letters(word):
    """A word in the letters of its bytes."""
    return "".join(LETTER[b] for b in word.encode())


def vocabulary(texts):
    """The special tokens, the 256 bytes, and the words of the texts, the commonest first."""
    counted = Counter(w for t in texts for w in PATTERN.findall(t))
    words = [w for w, _ in sorted(counted.items(), key=lambda x: (-x[1], x[0]))]
    rows = [letters(w) for w in dict.fromkeys(words)]
    return SPECIAL + [LETTER[b] for b in range(256)] + [w for w in rows if len(w) > 1]


class Tokenizer:
    """Text to tokens and back."""

    def __init__(self, vocab):
        self.vocab = vocab
        self.ids = {w: i for i, w in enumerate(vocab)}

    def encode(self, text):
        """The tokens of a text in which no special token is looked for."""
        found = []
        for word in PATTERN.findall(text):
            row = letters(word)
            found += [self.ids[row]] if row in self.ids else [self.ids[c] for c in row]
        return found

    def decode(self, ids):
        """The text of tokens, without the special ones."""
        return bytes(BYTE[c] for i in ids if i >= len(SPECIAL) for c in self.vocab[i]).decode(
            errors="replace"
        )

    def prompt(self, said, question):
        """The tokens of a conversation up to where the model answers; `said` has pairs of question and answer."""
        ids = [BEGIN]
        for q, a in said:
            ids += [USER, *self.encode(q), ASSISTANT, *self.encode(a), END]
        return [*ids, USER, *self.encode(question), ASSISTANT]

    def form(self):
        """The tokenizer in Hugging Face's form: byte-level BPE without merges, whole words first."""
        added = [
            {
                "id": i,
                "content": c,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for i, c in enumerate(SPECIAL)
        ]
        split = {"type": "Split", "pattern": {"Regex": WORDS}, "behavior": "Isolated", "invert": False}
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
            "post_processor": None,
            "decoder": {
                "type": "ByteLevel",
                "add_prefix_space": True,
                "trim_offsets": True,
                "use_regex": True,
            },
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": True,
                "vocab": self.ids,
                "merges": [],
            },
        }


def main():
    """Reads texts as JSON from the standard input and writes their tokens: python3 tokenizer.py TOKENIZER_JSON."""
    with open(sys.argv[1], encoding="utf-8") as file:
        tokenizer = Tokenizer(list(json.load(file)["model"]["vocab"]))
    json.dump([tokenizer.encode(t) for t in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
