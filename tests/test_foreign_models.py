"""Models nobody here wrote, from Hugging Face transformers, against the course's own with the same
weights.

They are small and start from random weights; nothing is fetched. A whole model runs, and what goes
into its attention layer and comes out of it is recorded, so masks and positions are those it makes
for itself.

float64 throughout. Some of these models keep a step in float32 all the same (tables of angles,
BLOOM's softmax); their tolerance says so.
"""

import numpy as np
import pytest

import minitorch
from solutions.attention import MultiHeadAttention
from solutions.encodings import make_positions
from solutions.transformer import Transformer

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

VOCAB, DIM, HEADS, SEQ, LAYERS = 23, 32, 4, 20, 2
HEAD_DIM = DIM // HEADS
IDS = np.random.default_rng(0).integers(VOCAB, size=(3, SEQ))
EXACT, FLOAT32_INSIDE = 1e-10, 2e-6


def randomised(model):
    """float64, every weight from N(0, 0.3) and no dropout: a bias or a norm left at its start would
    hide an error.
    """
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.double().eval().parameters():
            parameter.normal_(0, 0.3)
    return model


def seen_by(layer, run):
    """What `layer` gets first and what it gives while `run` is called: arrays (batch, seq, dim),
    and its options.
    """
    seen = []
    hook = layer.register_forward_hook(
        lambda _, inputs, options, out: seen.append((inputs, options, out)), with_kwargs=True
    )
    with torch.no_grad():
        run()
    hook.remove()
    ((inputs, options, out),) = seen
    return (
        (inputs[0] if inputs else options["hidden_states"]).numpy(),
        out[0].numpy(),
        (inputs, options),
    )


def load(module, weights):
    """Weights, arrays or PyTorch tensors by name, into a module of the course."""
    module.double().load_state_dict(
        {name: minitorch.tensor(x.detach().numpy()) for name, x in weights.items()}
    )
    return module


def course_attention(name, qkv, out, options=None, positions=None):
    """The course's layer with projections (weight, bias) that came from elsewhere; a bias None
    means zeros.
    """
    layer = MultiHeadAttention(DIM, HEADS, make_positions(name, DIM, HEADS, SEQ, **(options or {})))
    weights = {}
    for part, (weight, bias) in {"qkv": qkv, "out": out}.items():
        weights[f"{part}.weight"] = weight
        weights[f"{part}.bias"] = (
            torch.zeros(len(weight), dtype=torch.float64) if bias is None else bias
        )
    return load(layer, weights | (positions or {}))


def three_in_one(q, k, v):
    """Separate projections without bias as the one of the course."""
    return torch.cat([q.weight, k.weight, v.weight]), None


def parts_first(layer):
    """GPT-NeoX and BLOOM keep query, key and value of each head together; the course keeps all
    queries together.
    """
    weight, bias = layer.weight, layer.bias

    def reorder(x):
        return x.reshape(HEADS, 3, HEAD_DIM, -1).transpose(0, 1).reshape(x.shape)

    return reorder(weight), reorder(bias)


def assert_close(ours, x, expected, tolerance):
    with minitorch.no_grad():
        got = ours(minitorch.tensor(x))
    np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=tolerance * abs(expected).max())


# ---------------------------------------------------------------- one attention layer


def llama():
    """Rotary, halves, all columns, another base."""
    model = randomised(
        transformers.LlamaModel(
            transformers.LlamaConfig(
                vocab_size=VOCAB,
                hidden_size=DIM,
                num_attention_heads=HEADS,
                num_key_value_heads=HEADS,
                num_hidden_layers=1,
                intermediate_size=DIM,
                max_position_embeddings=SEQ,
                rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
            )
        )
    )
    layer = model.layers[0].self_attn
    ours = course_attention(
        "rope",
        three_in_one(layer.q_proj, layer.k_proj, layer.v_proj),
        (layer.o_proj.weight, None),
        {"layout": "halves", "base": 5000.0},
    )
    return model, layer, ours, FLOAT32_INSIDE


def gptj():
    """Rotary, pairs, the first columns only."""
    model = randomised(
        transformers.GPTJModel(
            transformers.GPTJConfig(
                vocab_size=VOCAB, n_embd=DIM, n_head=HEADS, n_layer=1, n_positions=SEQ, rotary_dim=4
            )
        )
    )
    layer = model.h[0].attn
    ours = course_attention(
        "rope",
        three_in_one(layer.q_proj, layer.k_proj, layer.v_proj),
        (layer.out_proj.weight, None),
        {"layout": "pairs", "rotary_dim": 4},
    )
    return model, layer, ours, FLOAT32_INSIDE


def gpt_neox():
    """Rotary, halves, the first quarter of the columns."""
    model = randomised(
        transformers.GPTNeoXModel(
            transformers.GPTNeoXConfig(
                vocab_size=VOCAB,
                hidden_size=DIM,
                num_attention_heads=HEADS,
                num_hidden_layers=1,
                intermediate_size=DIM,
                max_position_embeddings=SEQ,
                rope_parameters={
                    "rope_type": "default",
                    "rope_theta": 10000.0,
                    "partial_rotary_factor": 0.25,
                },
            )
        )
    )
    layer = model.layers[0].attention
    ours = course_attention(
        "rope",
        parts_first(layer.query_key_value),
        (layer.dense.weight, layer.dense.bias),
        {"layout": "halves", "rotary_dim": HEAD_DIM // 4},
    )
    return model, layer, ours, FLOAT32_INSIDE


def t5():
    """A learned bias for each bucket of distances, in the decoder; scores are not scaled."""
    model = randomised(
        transformers.T5Model(
            transformers.T5Config(
                vocab_size=VOCAB,
                d_model=DIM,
                d_kv=HEAD_DIM,
                num_heads=HEADS,
                num_layers=1,
                d_ff=DIM,
                relative_attention_num_buckets=8,
                relative_attention_max_distance=16,
            )
        )
    )
    layer = model.decoder.block[0].layer[0].SelfAttention
    ours = course_attention(
        "t5",
        three_in_one(layer.q, layer.k, layer.v),
        (layer.o.weight, None),
        {"num_buckets": 8, "max_distance": 16},
        {"positions.table": layer.relative_attention_bias.weight},
    )
    return model, layer, ours, EXACT


@pytest.mark.parametrize("foreign", [llama, gptj, gpt_neox, t5])
def test_an_attention_layer_gives_the_same(foreign):
    model, layer, ours, tolerance = foreign()
    ids = torch.tensor(IDS)
    x, expected, _ = seen_by(
        layer, lambda: model(ids, decoder_input_ids=ids) if foreign is t5 else model(ids)
    )
    assert_close(ours, x, expected, tolerance)


def test_an_attention_layer_of_bloom_gives_the_same():
    """ALiBi. BLOOM's layer adds the residual by itself, so it is taken off again."""
    model = randomised(
        transformers.BloomModel(
            transformers.BloomConfig(
                vocab_size=VOCAB,
                hidden_size=DIM,
                n_head=HEADS,
                n_layer=1,
                hidden_dropout=0.0,
                attention_dropout=0.0,
            )
        )
    )
    layer = model.h[0].self_attention
    ours = course_attention(
        "alibi", parts_first(layer.query_key_value), (layer.dense.weight, layer.dense.bias)
    )
    x, out, (inputs, options) = seen_by(layer, lambda: model(torch.tensor(IDS)))
    residual = inputs[1] if len(inputs) > 1 else options["residual"]
    assert_close(ours, x, out - residual.numpy(), FLOAT32_INSIDE)


def test_a_wrong_encoding_is_noticed():
    """The other layout of RoPE, with LLaMA's weights, must not pass."""
    model, layer, ours, tolerance = llama()
    ours.positions.layout = "pairs"
    x, expected, _ = seen_by(layer, lambda: model(torch.tensor(IDS)))
    with pytest.raises(AssertionError, match="Not equal"):
        assert_close(ours, x, expected, tolerance)


# ---------------------------------------------------------------- a whole model


def test_a_whole_gpt2_gives_the_same_logits():
    gpt2 = randomised(
        transformers.GPT2LMHeadModel(
            transformers.GPT2Config(
                vocab_size=VOCAB, n_embd=DIM, n_head=HEADS, n_layer=LAYERS, n_positions=SEQ
            )
        )
    )
    ours = load(
        Transformer(VOCAB, DIM, HEADS, LAYERS, max_len=SEQ, positions="learned", tied=True),
        from_gpt2(gpt2.transformer),
    )
    with torch.no_grad():
        expected = gpt2(torch.tensor(IDS)).logits.numpy()
    assert_close(ours, IDS, expected, EXACT)


def from_gpt2(gpt2):
    """GPT-2's weights by the names of the course. Its projections are stored (in, out)."""
    weights = {
        "embedding.weight": gpt2.wte.weight,
        "head.weight": gpt2.wte.weight,
        "norm.weight": gpt2.ln_f.weight,
        "norm.bias": gpt2.ln_f.bias,
    }
    for n, block in enumerate(gpt2.h):
        weights[f"blocks.{n}.attention.positions.table"] = gpt2.wpe.weight
        for name, norm in (("attention_norm", block.ln_1), ("mlp_norm", block.ln_2)):
            weights |= {
                f"blocks.{n}.{name}.weight": norm.weight,
                f"blocks.{n}.{name}.bias": norm.bias,
            }
        for name, layer in (
            ("attention.qkv", block.attn.c_attn),
            ("attention.out", block.attn.c_proj),
            ("mlp.0", block.mlp.c_fc),
            ("mlp.2", block.mlp.c_proj),
        ):
            weights |= {
                f"blocks.{n}.{name}.weight": layer.weight.T,
                f"blocks.{n}.{name}.bias": layer.bias,
            }
    return weights
