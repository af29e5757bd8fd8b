"""Llama's architecture in PyTorch, with weights that are rounded to q4f16_1 while they learn."""

import math

import torch
import torch.nn.functional as F
from torch import nn

GROUP = 32


class Config:
    """The sizes of a model."""

    def __init__(self, vocab, hidden=128, layers=4, heads=4, kv=2, inner=256, context=512):
        self.vocab, self.hidden, self.layers, self.heads, self.kv, self.inner, self.context = (
            vocab,
            hidden,
            layers,
            heads,
            kv,
            inner,
            context,
        )
        self.head, self.eps, self.theta = hidden // heads, 1e-5, 10000.0


def scales(w):
    """The scale of each group of 32 weights along the input: max|w| / 7 in f16."""
    return (w.detach().view(w.shape[0], -1, GROUP).abs().amax(-1, keepdim=True) / 7).half().float()


def nibbles(w, scale):
    """The weights as integers of 0 to 14."""
    return (torch.round(w.detach().view(w.shape[0], -1, GROUP) / scale.clamp(min=1e-7)) + 7).clamp(0, 14)


def rounded(w):
    """The weights that q4f16_1 would give back. The gradient goes straight through."""
    scale = scales(w)
    back = ((nibbles(w, scale) - 7) * scale).view_as(w)
    return w + (back - w.detach())


class Model(nn.Module):
    """A Llama. `quantized` rounds the weights on each use."""

    def __init__(self, config):
        super().__init__()
        c, self.c, self.quantized = config, config, False
        std = 0.6 / math.sqrt(c.hidden)
        matrix = lambda rows, columns, std: nn.Parameter(torch.randn(rows, columns) * std)
        self.embedding = matrix(c.vocab, c.hidden, 0.05)
        self.norm = nn.Parameter(torch.ones(c.hidden))
        self.layers = nn.ModuleList()
        for _ in range(c.layers):
            layer = nn.Module()
            layer.norm1, layer.norm2 = nn.Parameter(torch.ones(c.hidden)), nn.Parameter(torch.ones(c.hidden))
            layer.qkv = matrix((c.heads + 2 * c.kv) * c.head, c.hidden, std)
            layer.out = matrix(c.hidden, c.heads * c.head, std / math.sqrt(2 * c.layers))
            layer.gate_up = matrix(2 * c.inner, c.hidden, std)
            layer.down = matrix(c.hidden, c.inner, std / math.sqrt(2 * c.layers))
            self.layers.append(layer)
        angle = torch.outer(
            torch.arange(c.context).float(), c.theta ** (-torch.arange(0, c.head, 2).float() / c.head)
        )
        self.cos, self.sin = angle.cos(), angle.sin()
        self.mask = torch.full((c.context, c.context), -1e9).triu(1)

    def weight(self, w):
        return rounded(w) if self.quantized else w

    def normed(self, x, w):
        return w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.c.eps))

    def attention(self, layer, x, cache, begin):
        c, (batch, length, _) = self.c, x.shape
        qkv = F.linear(x, self.weight(layer.qkv)).view(batch, length, c.heads + 2 * c.kv, c.head)
        qk, v = qkv[:, :, : c.heads + c.kv], qkv[:, :, c.heads + c.kv :]
        a, b = qk.chunk(2, -1)
        cos, sin = self.cos[begin : begin + length, None], self.sin[begin : begin + length, None]
        qk = torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
        q, k = qk[:, :, : c.heads], qk[:, :, c.heads :]
        if cache is not None:
            k, v = cache.append(k, v)
        each = c.heads // c.kv
        q = (
            q.view(batch, length, c.kv, each, c.head)
            .permute(0, 2, 3, 1, 4)
            .reshape(batch, c.kv, each * length, c.head)
        )
        score = (q * c.head**-0.5 @ k.permute(0, 2, 3, 1)).view(batch, c.kv, each, length, -1)
        score = F.softmax(score + self.mask[begin : begin + length, : begin + length], -1)
        y = score.view(batch, c.kv, each * length, -1) @ v.transpose(1, 2)
        y = y.view(batch, c.heads, length, c.head).transpose(1, 2).reshape(batch, length, -1)
        return F.linear(y, self.weight(layer.out))

    def hidden(self, ids, caches=None, begin=0):
        """The last hidden states [batch, length, hidden]."""
        x = F.embedding(ids, self.weight(self.embedding))
        for i, layer in enumerate(self.layers):
            x = x + self.attention(layer, self.normed(x, layer.norm1), caches[i] if caches else None, begin)
            gate, up = F.linear(self.normed(x, layer.norm2), self.weight(layer.gate_up)).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, self.weight(layer.down))
        return self.normed(x, self.norm)

    def logits(self, hidden):
        return F.linear(hidden, self.weight(self.embedding))


class Cache:
    """Keys and values of one layer."""

    def __init__(self):
        self.k = self.v = None

    def append(self, k, v):
        self.k = k if self.k is None else torch.cat((self.k, k), 1)
        self.v = v if self.v is None else torch.cat((self.v, v), 1)
        return self.k, self.v


def dequantized(model):
    """Puts the weights that the folder holds into the model: rounded matrices, norms in f16."""
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(rounded(p) if p.dim() == 2 else p.half().float())
    return model


def nucleus(p, top):
    """The likeliest tokens that have `top` of the probability together."""
    ordered, index = p.sort(-1, descending=True)
    kept = ordered.cumsum(-1) - ordered < top
    return torch.zeros_like(p).scatter(-1, index, ordered * kept)


def generate(model, prompts, end, limit=180, temperature=0.0, top=0.95, generator=None):
    """The tokens that follow each prompt, up to `end`. All prompts have one length."""
    caches, ids, begin, tokens = [Cache() for _ in model.layers], torch.tensor(prompts), 0, []
    done = torch.zeros(len(prompts), dtype=torch.bool)
    with torch.no_grad():
        while len(tokens) < limit and not bool(done.all()) and begin + ids.shape[1] <= model.c.context:
            z = model.logits(model.hidden(ids, caches, begin)[:, -1])
            begin += ids.shape[1]
            if temperature == 0:
                ids = z.argmax(-1, keepdim=True)
            else:
                ids = torch.multinomial(nucleus(F.softmax(z / temperature, -1), top), 1, generator=generator)
            done |= ids[:, 0] == end
            tokens.append(ids)
    rows = torch.cat(tokens, 1).tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]
