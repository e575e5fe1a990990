"""UTMOS on a small network with random weights under the checkpoint's names; transformers' encoder is the oracle."""

import numpy as np
import pytest

from bench.errors import MissingRequirement
from bench.metrics.mos.utmos import WEIGHTS, Sizes, Utmos, build, renamed

torch = pytest.importorskip("torch", reason="pip install 'codecbench[neural]'")
pytest.importorskip("torchaudio", reason="pip install 'codecbench[neural]'")

SMALL = Sizes(8, 16, 2, 2, 24, 16, 2, 4, 6, 10)


class SmallUtmos(Utmos):
    sizes = SMALL


def shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the published checkpoint, as tarepan/SpeechMOS defines them."""
    width, features = sizes.convolution, sizes.features
    found = {
        "domain_emb": (1, sizes.embedding),
        "judge_emb": (1, sizes.embedding),
        "wav2vec2.mask_emb": (features,),
        "wav2vec2.encoder.pos_conv.0.bias": (features,),
        "wav2vec2.encoder.pos_conv.0.weight_g": (1, 1, sizes.position_kernel),
        "wav2vec2.encoder.pos_conv.0.weight_v": (features, features // sizes.position_groups, sizes.position_kernel),
    }

    def linear(name: str, inputs: int, outputs: int) -> None:
        found[f"{name}.weight"], found[f"{name}.bias"] = (outputs, inputs), (outputs,)

    def norm(name: str, size: int) -> None:
        found[f"{name}.weight"] = found[f"{name}.bias"] = (size,)

    for index, kernel in enumerate((10, 3, 3, 3, 3, 2, 2)):
        found[f"wav2vec2.feature_extractor.conv_layers.{index}.0.weight"] = (width, width if index else 1, kernel)
    norm("wav2vec2.feature_extractor.conv_layers.0.2", width)
    norm("wav2vec2.layer_norm", width)
    linear("wav2vec2.post_extract_proj", width, features)
    norm("wav2vec2.encoder.layer_norm", features)
    for index in range(sizes.layers):
        layer = f"wav2vec2.encoder.layers.{index}"
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            linear(f"{layer}.self_attn.{name}", features, features)
        norm(f"{layer}.self_attn_layer_norm", features)
        linear(f"{layer}.fc1", features, sizes.inner)
        linear(f"{layer}.fc2", sizes.inner, features)
        norm(f"{layer}.final_layer_norm", features)
    for suffix in ("", "_reverse"):
        inputs = features + 2 * sizes.embedding
        for name, columns in (("weight_ih", inputs), ("weight_hh", sizes.recurrent)):
            found[f"blstm.{name}_l0{suffix}"] = (4 * sizes.recurrent, columns)
        for name in ("bias_ih", "bias_hh"):
            found[f"blstm.{name}_l0{suffix}"] = (4 * sizes.recurrent,)
    linear("projection.0", 2 * sizes.recurrent, sizes.projected)
    linear("projection.2", sizes.projected, 1)
    return found


@pytest.fixture
def state(placed):
    random = torch.Generator().manual_seed(0)
    state = {name: torch.randn(shape, generator=random) * 0.3 for name, shape in shapes(SMALL).items()}
    torch.save(state, placed("utmos") / WEIGHTS.files[0].name)
    return state


def encoded(state, wave):
    """What transformers' wav2vec 2.0 makes of ``wave`` with the same parameters."""
    transformers = pytest.importorskip("transformers")
    config = transformers.Wav2Vec2Config(
        hidden_size=SMALL.features, num_hidden_layers=SMALL.layers, num_attention_heads=SMALL.heads,
        intermediate_size=SMALL.inner, conv_dim=[SMALL.convolution] * 7, feat_extract_norm="group",
        num_conv_pos_embeddings=SMALL.position_kernel, num_conv_pos_embedding_groups=SMALL.position_groups,
        attn_implementation="eager",
    )  # fmt: skip
    pairs = (
 ("conv_layers.0.2.", "conv_layers.0.layer_norm."),
        ("wav2vec2.layer_norm.", "feature_projection.layer_norm."),
        ("wav2vec2.post_extract_proj.", "feature_projection.projection."),
        ("pos_conv.0.bias", "pos_conv_embed.conv.bias"),
        ("pos_conv.0.weight_g", "pos_conv_embed.conv.parametrizations.weight.original0"),
        ("pos_conv.0.weight_v", "pos_conv_embed.conv.parametrizations.weight.original1"),
        (".0.weight", ".conv.weight"),
        ("self_attn_layer_norm", "layer_norm"), ("self_attn", "attention"), ("fc1", "feed_forward.intermediate_dense"),
        ("fc2", "feed_forward.output_dense"), ("mask_emb", "masked_spec_embed"), ("wav2vec2.", ""),
    )  # fmt: skip
    theirs = {}
    for name, value in state.items():
        if name.startswith("wav2vec2."):
            for old, new in pairs:
                name = name.replace(old, new)
            theirs[name] = value
    model = transformers.Wav2Vec2Model(config)
    model.load_state_dict(theirs)
    return model.eval()(wave).last_hidden_state


def test_equals_an_independent_encoder_and_the_layers_after_it(state, speech):
    wave = torch.from_numpy(speech.at(16_000).samples.astype(np.float32))
    with torch.no_grad():
        features = encoded(state, wave)
        about = [state[name].expand(features.shape[1], -1)[None] for name in ("domain_emb", "judge_emb")]
        lstm = torch.nn.LSTM(features.shape[2] + 8, SMALL.recurrent, batch_first=True, bidirectional=True)
        lstm.load_state_dict({k.removeprefix("blstm."): v for k, v in state.items() if k.startswith("blstm.")})
        hidden = lstm(torch.cat([features, *about], dim=2))[0][0]
        hidden = torch.relu(hidden @ state["projection.0.weight"].T + state["projection.0.bias"])
        frames = hidden @ state["projection.2.weight"].T + state["projection.2.bias"]
    expected = 3 + 2 * float(frames.mean())
    metric = SmallUtmos()
    assert metric.score(metric.prepare(speech), speech)["utmos"] == pytest.approx(expected, abs=1e-4)


def test_the_published_checkpoint_fits():
    """The shapes at full size, without their 400 MB."""
    with torch.device("meta"):
        network = build(Sizes())
        published = {name: torch.empty(shape) for name, shape in shapes(Sizes()).items()}
    network.load_state_dict(renamed(published), assign=True)
    size = 4 * sum(value.numel() for value in published.values())
    assert size == pytest.approx(411_179_119, rel=1e-3)  # bytes of the published file


def test_another_checkpoint_is_refused(placed, speech):
    torch.save({"weight": torch.zeros(1)}, placed("utmos") / WEIGHTS.files[0].name)
    metric = SmallUtmos()
    with pytest.raises(MissingRequirement, match="expected the weights of UTMOS22's strong learner, got something"):
        metric.score(metric.prepare(speech), speech)
