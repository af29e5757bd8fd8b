"""Writes a trained model as the folder that ships, in MLC's converted form, and golden.json for the tests."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch

from model import Config, Model, dequantized, generate, nibbles, scales
from tokenizer import BEGIN, END, SPECIAL, Tokenizer

# A fable before the last request for one is left out: its animals and lessons would return.
TEMPLATE = (
    "{% set ns = namespace(last=-1) %}{% for message in messages %}"
    "{% if message['role'] == 'user' and ('fable about ' in message['content'] or 'story about ' in message['content']) %}"
    "{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
    "{{ bos_token }}{% for message in messages %}"
    "{% set pair = messages[loop.index0 + 1] if message['role'] == 'user' else message %}"
    "{% if loop.index0 < ns.last and pair['role'] == 'assistant' and 'The moral of ' in pair['content'] %}"
    "{% elif message['role'] == 'user' %}{{ '<|user|>' + message['content'] | trim }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] | trim + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def load(checkpoint):
    """The model of a checkpoint with the weights that the folder holds, and its tokenizer."""
    state = torch.load(checkpoint)
    c = state["config"]
    model = Model(Config(c["vocab"], c["hidden"], c["layers"], c["heads"], c["kv"], c["inner"], c["context"]))
    model.load_state_dict(state["model"])
    return model, Tokenizer(state["vocab"])


def packed(w):
    """A matrix as q4f16_1: words of eight weights, the first in the lowest bits, and a scale for each 32 of a row."""
    scale = scales(w)
    q = nibbles(w, scale).reshape(w.shape[0], -1, 8).long().numpy().astype(np.uint32)
    words = (q << (4 * np.arange(8, dtype=np.uint32))).sum(-1, dtype=np.uint32)
    return words, scale.squeeze(-1).half().numpy()


def tensors(model):
    """The tensors under MLC's names, in the order of the file."""
    found = []

    def matrix(name, w):
        words, scale = packed(w)
        found.extend([(f"{name}.q_weight", words), (f"{name}.q_scale", scale)])

    def vector(name, w):
        found.append((f"{name}.weight", w.detach().half().numpy()))

    matrix("model.embed_tokens", model.embedding)
    for i, layer in enumerate(model.layers):
        at = f"model.layers.{i}"
        matrix(f"{at}.self_attn.qkv_proj", layer.qkv)
        matrix(f"{at}.self_attn.o_proj", layer.out)
        matrix(f"{at}.mlp.gate_up_proj", layer.gate_up)
        matrix(f"{at}.mlp.down_proj", layer.down)
        vector(f"{at}.input_layernorm", layer.norm1)
        vector(f"{at}.post_attention_layernorm", layer.norm2)
    vector("model.norm", model.norm)
    return found


GENERATION = {"temperature": 0.7, "top_p": 0.95}
TOKENS = {"bos_token_id": BEGIN, "eos_token_id": END, "pad_token_id": BEGIN}


def shape_of(c):
    """The sizes of a model under MLC's names."""
    return {
        "hidden_size": c.hidden,
        "intermediate_size": c.inner,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.kv,
        "head_dim": c.head,
        "vocab_size": c.vocab,
        "rms_norm_eps": c.eps,
        "position_embedding_base": c.theta,
        "context_window_size": c.context,
        "prefill_chunk_size": c.context,
        "tie_word_embeddings": True,
        "tensor_parallel_shards": 1,
        "max_batch_size": 8,
    }


def chat_config(c):
    """What mlc-chat-config.json has."""
    talk = {
        "name": "fables",
        "system_template": "{system_message}",
        "system_message": "",
        "system_prefix_token_ids": [BEGIN],
        "add_role_after_system_message": True,
        "roles": {"user": "<|user|>", "assistant": "<|assistant|>"},
        "role_templates": {"user": "{user_message}", "assistant": "{assistant_message}"},
        "messages": [],
        "seps": ["", "<|end|>"],
        "role_content_sep": "",
        "role_empty_sep": "",
        "stop_str": [],
        "stop_token_ids": [END],
    }
    return {
        "version": "0.1.0",
        "model_type": "llama",
        "quantization": "q4f16_1",
        "model_config": shape_of(c),
        "vocab_size": c.vocab,
        "context_window_size": c.context,
        "sliding_window_size": -1,
        "prefill_chunk_size": c.context,
        "attention_sink_size": -1,
        "tensor_parallel_shards": 1,
        **GENERATION,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "tokenizer_files": ["tokenizer.json", "tokenizer_config.json"],
        "conv_template": talk,
        **TOKENS,
    }


def tokenizer_config(c):
    """What tokenizer_config.json has."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[BEGIN],
        "eos_token": SPECIAL[END],
        "pad_token": SPECIAL[BEGIN],
        "model_max_length": c.context,
        "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATE,
    }


def shard_of(model):
    """The bytes of params_shard_0.bin, and what tensor-cache.json says of them."""
    rows, blob = [], b""
    for name, a in tensors(model):
        row = {"name": name, "shape": list(a.shape), "dtype": str(a.dtype), "format": "raw"}
        rows.append({**row, "nbytes": a.nbytes, "byteOffset": len(blob)})
        blob += a.tobytes()
    parameters = sum(p.numel() for p in model.parameters())
    metadata = {"ParamSize": len(rows), "ParamBytes": len(blob), "BitsPerParam": len(blob) * 8 / parameters}
    shard = {"dataPath": "params_shard_0.bin", "format": "raw-shard", "nbytes": len(blob), "records": rows}
    return blob, {"metadata": metadata, "records": [{**shard, "md5sum": hashlib.md5(blob).hexdigest()}]}


def write_folder(model, tokenizer, folder):
    """Writes the folder's six files."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    blob, cache = shard_of(model)
    (folder / "params_shard_0.bin").write_bytes(blob)
    files = {
        "tensor-cache": cache,
        "mlc-chat-config": chat_config(model.c),
        "generation_config": {**TOKENS, "do_sample": True, **GENERATION},
        "tokenizer_config": tokenizer_config(model.c),
    }
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")
    text = json.dumps(tokenizer.form(), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")


CASES = [
    [("Tell me a fable about a shy snail and tiling.", None)],
    [("My name is Ada.", "Nice to meet you, Ada."), ("What is my name?", None)],
    [("What is the capital of France?", None)],
    [("", None)],
]


def write_golden(model, tokenizer, path):
    """Writes prompts, their greedy tokens, and all logits at some steps, in float32 from the folder's weights."""
    model, cases = dequantized(model), []
    model.quantized = False
    for said in CASES:
        question = said[-1][0]
        ids = tokenizer.prompt(said[:-1], question) if question else [BEGIN]
        greedy = generate(model, [ids], END, limit=200)[0] + [END]
        with torch.no_grad():
            z = model.logits(model.hidden(torch.tensor([ids + greedy]))[0, len(ids) - 1 :])
        steps = sorted({0, len(greedy) // 2, len(greedy) - 1})
        logits = [{"step": s, "values": [float(f"{v:.6g}") for v in z[s].tolist()]} for s in steps]
        messages = [
            {"role": role, "content": text}
            for pair in said
            for role, text in zip(("user", "assistant"), pair)
            if text
        ]
        cases.append({"messages": messages, "promptIds": ids, "greedyIds": greedy, "logits": logits})
    note = "greedy, from dequantized q4f16_1 weights in float32; logits are those that choose greedyIds[step]"
    text = json.dumps(
        {"engine": "PyTorch 1.13, CPU, float32", "note": note, "cases": cases}, separators=(",", ":")
    )
    Path(path).write_text(text.replace('{"messages"', '\n{"messages"') + "\n")


def main():
    """Writes a checkpoint's folder, and golden.json: python3 export.py CHECKPOINT FOLDER GOLDEN."""
    model, tokenizer = load(sys.argv[1])
    write_folder(model, tokenizer, sys.argv[2])
    write_golden(model, tokenizer, sys.argv[3])


if __name__ == "__main__":
    main()
