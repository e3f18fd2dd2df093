"""Values of every encoding from libraries nobody here wrote, for tests/test_encodings.py.

    python -m tests.reference.make_encodings       computes them and writes encodings.npz

needs PyTorch, transformers and x-transformers. The file is committed, so a machine without them
compares with the same numbers, and where they are installed a test recomputes them.
"""

from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("encodings.npz")
BATCH, HEADS, SEQ, HEAD_DIM = 2, 2, 7, 8
HEAD_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 20)


def inputs():
    """Random queries, keys and tables, float32."""
    rng = np.random.default_rng(0)
    shapes = {
        "q": (BATCH, HEADS, SEQ, HEAD_DIM),
        "k": (BATCH, HEADS, SEQ, HEAD_DIM),
        "t5_table": (32, HEADS),
        "cope_table": (4, HEAD_DIM),
        "grad": (BATCH, HEADS, SEQ, SEQ),
        "xl_u": (HEADS, HEAD_DIM),
        "xl_v": (HEADS, HEAD_DIM),
        "xl_weight": (HEADS * HEAD_DIM, HEADS * HEAD_DIM),
    }
    draws = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return draws | {"distances": np.arange(-200, 201)}


def references():
    """Inputs and expected values, name -> array."""
    import torch

    arrays = inputs()
    given = {name: torch.tensor(array) for name, array in arrays.items()}
    with torch.no_grad():
        found = {**rotary(given), **t5(given), **alibi(), **transformer_xl(given), **sinusoids()}
    found |= cope(given)
    return arrays | {
        name: np.asarray(value.detach() if hasattr(value, "detach") else value)
        for name, value in found.items()
    }


def rotary(given):
    """GPT-J rotates pairs; LLaMA and GPT-NeoX rotate halves, GPT-NeoX here only 4 of the 8
    columns.
    """
    import torch
    from transformers import GPTNeoXConfig, LlamaConfig
    from transformers.models.gpt_neox import modeling_gpt_neox as neox
    from transformers.models.gptj import modeling_gptj as gptj
    from transformers.models.llama import modeling_llama as llama

    q, k, places = given["q"], given["k"], torch.arange(SEQ)[None]

    config = LlamaConfig(
        hidden_size=HEADS * HEAD_DIM,
        num_attention_heads=HEADS,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
    )
    llama_q, llama_k = llama.apply_rotary_pos_emb(
        q, k, *llama.LlamaRotaryEmbedding(config)(q, places)
    )

    config = GPTNeoXConfig(
        hidden_size=HEADS * HEAD_DIM,
        num_attention_heads=HEADS,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10_000.0,
            "partial_rotary_factor": 0.5,
        },
    )
    neox_q, neox_k = neox.apply_rotary_pos_emb(
        q, k, *neox.GPTNeoXRotaryEmbedding(config)(q, places)
    )

    sin, cos = gptj.create_sinusoidal_positions(SEQ, HEAD_DIM)[None].chunk(2, dim=-1)
    gptj_q, gptj_k = (
        gptj.apply_rotary_pos_emb(x.transpose(1, 2), sin, cos).transpose(1, 2) for x in (q, k)
    )
    return {
        "llama_q": llama_q,
        "llama_k": llama_k,
        "neox_q": neox_q,
        "neox_k": neox_k,
        "gptj_q": gptj_q,
        "gptj_k": gptj_k,
    }


def t5(given):
    from transformers import T5Config
    from transformers.models.t5.modeling_t5 import T5Attention

    found = {}
    for name, is_decoder in (("t5_causal", True), ("t5_bidirectional", False)):
        config = T5Config(
            d_model=HEADS * HEAD_DIM, num_heads=HEADS, d_kv=HEAD_DIM, is_decoder=is_decoder
        )
        layer = T5Attention(config, has_relative_attention_bias=True, layer_idx=0)
        layer.relative_attention_bias.weight.copy_(given["t5_table"])
        found[f"{name}_bias"] = layer.compute_bias(SEQ, SEQ)
        buckets = layer._relative_position_bucket(given["distances"], bidirectional=not is_decoder)
        found[f"{name}_buckets"] = buckets
    return found


def alibi():
    """The biases of the last query, so far back that BLOOM's and MPT's conventions differ by a
    constant only."""
    import torch
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor
    from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor

    found = {}
    for heads in HEAD_COUNTS:
        found[f"bloom_{heads}"] = build_alibi_tensor(torch.ones(1, SEQ), heads, torch.float32)[:, 0]
        found[f"mpt_{heads}"] = build_mpt_alibi_tensor(heads, SEQ)[:, 0]
    return found


def transformer_xl(given):
    """XLNet has Transformer-XL's attention. Its table runs over distances SEQ ... 1 - SEQ and is
    twice as long."""
    import torch
    from transformers import XLNetConfig
    from transformers.models.xlnet.modeling_xlnet import XLNetModel, XLNetRelativeAttention

    dim = HEADS * HEAD_DIM
    layer = XLNetRelativeAttention(XLNetConfig(d_model=dim, n_head=HEADS, dropout=0.0))
    layer.r_w_bias.copy_(given["xl_u"])
    layer.r_r_bias.copy_(given["xl_v"])
    speeds = 1 / 10000 ** (torch.arange(0, dim, 2) / dim)
    distances = torch.arange(SEQ, -SEQ, -1.0)
    table = XLNetModel.positional_embedding(distances, speeds, bsz=BATCH)  # (2 SEQ, batch, dim)
    keys_by_distance = (table @ given["xl_weight"].T).reshape(2 * SEQ, BATCH, HEADS, HEAD_DIM)
    q, k = (given[name].permute(2, 0, 1, 3) for name in ("q", "k"))  # (seq, batch, heads, head_dim)
    later = torch.ones(SEQ, SEQ).triu(1)[:, :, None, None].expand(SEQ, SEQ, BATCH, HEADS)
    _, weights = layer.rel_attn_core(
        q, k, k, keys_by_distance, attn_mask=later, output_attentions=True
    )
    return {"xl_weights": weights.permute(2, 3, 0, 1)}  # (batch, heads, query, key)


def sinusoids():
    """GPT-J's table has the sines first, then the cosines."""
    from transformers.models.gptj.modeling_gptj import create_sinusoidal_positions

    return {"sinusoids_in_halves": create_sinusoidal_positions(50, 16)}


def cope(given):
    """x-transformers' CoPE, the paper's listing; with the gradients of its sum weighted by
    `grad`.
    """
    import torch
    from x_transformers.x_transformers import CoPE

    layer = CoPE(HEAD_DIM, HEADS, max_pos=len(given["cope_table"]))
    with torch.no_grad():
        layer.pos_emb.copy_(given["cope_table"])
    q, k = (given[name].clone().requires_grad_() for name in ("q", "k"))
    allowed = torch.ones(SEQ, SEQ, dtype=torch.bool).tril()
    scores = (q @ k.mT / HEAD_DIM**0.5).masked_fill(~allowed, -torch.inf)
    bias = layer(q, scores)
    (bias * given["grad"] * allowed).sum().backward()
    return {
        "cope_bias": bias * allowed,
        "cope_grad_q": q.grad,
        "cope_grad_k": k.grad,
        "cope_grad_table": layer.pos_emb.grad,
    }


if __name__ == "__main__":
    np.savez_compressed(PATH, **references())
