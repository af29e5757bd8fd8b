"""
Trains the fables' model on the CPU: python3 train.py --out DIR --steps N --seed S. DIR gets checkpoint.pt, from
which the same command goes on, plateau.pt, from which a longer run can go on, and at the end the folder that ships.
Debian's python3-torch 1.13 and libopenblas0-pthread are enough.
"""

import argparse
import ctypes
import os
import random
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import torch
import torch.nn.functional as F

import grammar
from export import write_folder
from model import Config, Model
from tokenizer import ASSISTANT, BEGIN, END, USER, Tokenizer, vocabulary

POOL = 8  # batches that are sorted by length together
# The curriculum: what a word that repeats a slot counts from a step on. Sentences are learned before copies.
COPIES = ((0, 1), (400, 4), (1100, 10))


def slot_tokens(tokenizer):
    """The tokens of all words that slots and names can have, without articles."""
    names, slots = grammar.G["names"]["known"], grammar.SLOTS
    words = [w for values in slots.values() for v in values for w in v.split()]
    words += [*grammar.LESSONS, *grammar.WAYS, *names]
    return {tokenizer.encode(f" {w}")[0] for w in words if w not in ("a", "the", "old")}


def encode(tokenizer, slots, said, context, copy):
    """
    The tokens of a conversation, and what each counts for the loss: nothing in a question, 1 in an answer, and
    `copy` if it repeats one of the `slots` that was mentioned before.
    """
    ids, counts, seen = [BEGIN], [0], set()
    for question, answer in said:
        asked = [USER, *tokenizer.encode(question), ASSISTANT] if question else []
        ids += asked
        counts += [0] * len(asked)
        seen |= slots.intersection(asked)
        for token in [*tokenizer.encode(answer), END]:
            ids.append(token)
            counts.append(copy if token in seen else 1)
            seen |= slots & {token}
    return ids[:context], counts[:context]


def pool(tokenizer, slots, seed, index, size, context):
    """POOL batches of about `size` tokens; the same seed and index give the same."""
    r = random.Random(f"{seed}/{index}")
    rows, total = [], 0
    copy = [count for begin, count in COPIES if index * POOL >= begin][-1]
    while total < size * POOL:
        row = encode(tokenizer, slots, grammar.conversation(r), context, copy)
        rows.append(row)
        total += len(row[0])
    rows.sort(key=lambda row: len(row[0]))
    batches, batch, filled = [], [], 0
    for row in rows:
        batch.append(row)
        filled += len(row[0])
        if filled >= size * (len(batches) + 1) and len(batches) < POOL - 1:
            batches.append(batch)
            batch = []
    batches.append(batch)
    r.shuffle(batches)
    return batches


def loss_of(model, rows):
    """The mean loss of the tokens to predict, each by what it counts."""
    longest = max(len(ids) for ids, _ in rows)
    ids, counts = torch.zeros(len(rows), longest, dtype=torch.long), torch.zeros(len(rows), longest)
    for i, (a, b) in enumerate(rows):
        ids[i, : len(a)], counts[i, : len(b)] = torch.tensor(a), torch.tensor(b).float()
    hidden = model.hidden(ids[:, :-1]).reshape(-1, model.c.hidden)
    counts, targets = counts[:, 1:].reshape(-1), ids[:, 1:].reshape(-1)
    at = counts.nonzero().squeeze(1)
    losses = F.cross_entropy(model.logits(hidden[at]), targets[at], reduction="none")
    return (losses * counts[at]).sum() / counts[at].sum()


def orthogonal(g):
    """The nearest matrix with equal singular values, by five steps of Newton and Schulz (Muon)."""
    x = g.t() if g.shape[0] > g.shape[1] else g
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.t()
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.t() if g.shape[0] > g.shape[1] else x


class Optimizer:
    """Muon for the matrices of the layers, AdamW for the embedding and the norms."""

    def __init__(self, model, rate=0.02, adam=4e-3):
        self.rate, self.c = rate, model.c
        self.matrices = [p for layer in model.layers for p in layer.parameters() if p.dim() == 2]
        others = [p for p in model.parameters() if not any(p is m for m in self.matrices)]
        self.adam, self.adam_rate = (
            torch.optim.AdamW(others, lr=adam, betas=(0.9, 0.97), weight_decay=0.01),
            adam,
        )
        self.momentum = [torch.zeros_like(p) for p in self.matrices]

    def parts(self, p):
        """The matrices that are stored as one."""
        c = self.c
        if p.shape == ((c.heads + 2 * c.kv) * c.head, c.hidden):
            return [c.heads * c.head, c.kv * c.head, c.kv * c.head]
        return [c.inner, c.inner] if p.shape == (2 * c.inner, c.hidden) else [p.shape[0]]

    def step(self, share):
        """Takes a step with `share` of the full rate."""
        for group in self.adam.param_groups:
            group["lr"] = self.adam_rate * share
        self.adam.step()
        with torch.no_grad():
            for p, m in zip(self.matrices, self.momentum):
                m.mul_(0.95).add_(p.grad)
                ahead = p.grad + 0.95 * m
                for part, weight in zip(ahead.split(self.parts(p)), p.split(self.parts(p))):
                    rate = self.rate * share * max(1, part.shape[0] / part.shape[1]) ** 0.5
                    weight.mul_(1 - rate * 0.02).sub_(orthogonal(part), alpha=rate)

    def state(self):
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state):
        self.adam.load_state_dict(state["adam"])
        self.momentum = state["momentum"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", required=True, help="the folder to write")
    p.add_argument("--steps", type=int, default=4000, help="steps of the whole training (default 4000)")
    p.add_argument("--stop", type=int, help="stop after this step; the same command without it goes on")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=2048, help="tokens of a step")
    p.add_argument("--hidden", type=int, default=128)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--inner", type=int, default=256)
    return p.parse_args()


def keep_memory():
    """Asks glibc to keep large blocks, rather than return them to the system after each operator."""
    libc = ctypes.CDLL("libc.so.6")
    for option, value in ((-4, 0), (-2, 1 << 28), (-1, (1 << 31) - 1)):
        libc.mallopt(option, value)


def share_of(step, steps):
    """The share of the full rate: a short rise, a plateau, a linear descent over the last part."""
    return min(1, (step + 1) / 50, (steps - step) / (steps - plateau(steps)) + 0.01)


def plateau(steps):
    """Where the plateau ends. Up to there a run doesn't depend on the number of its steps."""
    return steps * 6 // 10


def save(path, model, optimizer, tokenizer, step):
    """Writes a checkpoint whole or not at all."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state(),
        "step": step,
        "vocab": tokenizer.vocab,
    }
    torch.save({**state, "config": vars(model.c)}, f"{path}.part")
    os.replace(f"{path}.part", path)


def main():
    o = arguments()
    keep_memory()
    torch.set_num_threads(1)
    torch.manual_seed(o.seed)
    out = Path(o.out)
    out.mkdir(parents=True, exist_ok=True)
    saved = out / "checkpoint.pt"
    state = torch.load(saved) if saved.exists() else None
    tokenizer = Tokenizer(state["vocab"] if state else vocabulary(grammar.texts()))
    model = Model(Config(len(tokenizer.vocab), hidden=o.hidden, layers=o.layers, inner=o.inner))
    optimizer, first = Optimizer(model), 0
    if state:
        model.load_state_dict(state["model"])
        optimizer.load(state["optimizer"])
        first = state["step"]
    slots = slot_tokens(tokenizer)
    print(
        f"{sum(p.numel() for p in model.parameters())} parameters, {len(tokenizer.vocab)} tokens", flush=True
    )
    last = min(o.steps, o.stop or o.steps)
    begin, cpu, mean, seen, batches = time.time(), time.process_time(), None, 0, []
    for step in range(first, last):
        if not batches or step % POOL == 0:
            batches = pool(tokenizer, slots, o.seed, step // POOL, o.batch, model.c.context)
        model.quantized = step >= plateau(o.steps)
        rows = batches[step % POOL]
        loss = loss_of(model, rows)
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(share_of(step, o.steps))
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        seen += sum(len(ids) for ids, _ in rows)
        if (step + 1) % 50 == 0 or step + 1 == last:
            print(
                f"step {step + 1} loss {mean:.4f} {seen} tokens {time.time() - begin:.0f} s, CPU {time.process_time() - cpu:.0f} s",
                flush=True,
            )
        if (step + 1) % 250 == 0 or step + 1 == last:
            save(saved, model, optimizer, tokenizer, step + 1)
        if step + 1 == plateau(o.steps):
            save(out / "plateau.pt", model, optimizer, tokenizer, step + 1)
    write_folder(model, tokenizer, out / "folder")


if __name__ == "__main__":
    main()
