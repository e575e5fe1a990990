"""UTMOS22, the strong learner: wav2vec 2.0 from torchaudio, the layers after it from here.

Names and shapes of the parameters are those of the checkpoint that github.com/tarepan/SpeechMOS publishes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from bench.domain import Identity
from bench.metrics.base import Quantity, Signal
from bench.metrics.mos.base import Predictor, adapted
from bench.metrics.networks import as_batch, filled
from bench.models.weights import Model, WeightFile, read_tensors

WEIGHTS = Model(
    "utmos",
    "MIT",
    (
        WeightFile(
            "utmos22_strong_step7459_v1.pt",
            "https://github.com/tarepan/SpeechMOS/releases/download/v1.0.0/utmos22_strong_step7459_v1.pt",
            # Not stated by the publisher; four independent public projects check this one.
            "38aa51ab79e2a4e09a1449758a4b37e9cbb2e8235a49662a732d33a9ba1e9bff",
            0,
        ),
    ),
)
ENCODER = "wav2vec2."
UNUSED = f"{ENCODER}mask_emb"  # of the encoder's own training

RENAMED = (
    (r"^feature_extractor\.conv_layers\.(\d+)\.0\.", r"feature_extractor.conv_layers.\1.conv."),
    (r"^feature_extractor\.conv_layers\.0\.2\.", "feature_extractor.conv_layers.0.layer_norm."),
    (r"^layer_norm\.", "encoder.feature_projection.layer_norm."),
    (r"^post_extract_proj\.", "encoder.feature_projection.projection."),
    (r"^encoder\.pos_conv\.0\.", "encoder.transformer.pos_conv_embed.conv."),
    (r"^encoder\.layer_norm\.", "encoder.transformer.layer_norm."),
    (r"^encoder\.layers\.(\d+)\.self_attn\.", r"encoder.transformer.layers.\1.attention."),
    (r"^encoder\.layers\.(\d+)\.self_attn_layer_norm\.", r"encoder.transformer.layers.\1.layer_norm."),
    (r"^encoder\.layers\.(\d+)\.fc1\.", r"encoder.transformer.layers.\1.feed_forward.intermediate_dense."),
    (r"^encoder\.layers\.(\d+)\.fc2\.", r"encoder.transformer.layers.\1.feed_forward.output_dense."),
    (r"^encoder\.layers\.(\d+)\.final_layer_norm\.", r"encoder.transformer.layers.\1.final_layer_norm."),
)
"""From the checkpoint's names of the encoder (those of fairseq) to torchaudio's."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the network; the defaults are those of the published checkpoint."""

    convolution: int = 512
    features: int = 768
    layers: int = 12
    heads: int = 12
    inner: int = 3072
    position_kernel: int = 128
    position_groups: int = 16
    embedding: int = 128  # one for the listening test, one for the listener
    recurrent: int = 512
    projected: int = 2048


class Utmos(Predictor):
    """UTMOS22, the strong learner: ``utmos``, naturalness as listeners would rate it; higher is better.

    MOS, nominally 1 to 5; judged from the degraded signal alone; speech; 16 kHz; mean over channels. wav2vec 2.0, a
    bidirectional LSTM and a projection give every 20 ms a score; the value is their mean, times 2, plus 3. Listener
    and listening test are the ones that the checkpoint holds. It loads, and was never compared here with published
    values, as the weights cannot be had where the project is built.

    Raises:
        MissingRequirement: the weights are not there, or are not those of UTMOS22.
        MetricUndefined: shorter than 1 s, or the degraded signal silent.
    Blind spots:
        Trained on synthetic speech and its naturalness: a codec that puts a natural voice in place of the right one
        is not punished, and noise or echo of the original costs points that no codec lost. English and Chinese
        voices. It sees nothing above 8 kHz.
    Source:
        Saeki et al., "UTMOS", Interspeech 2022, arXiv:2204.02152; github.com/tarepan/SpeechMOS (MIT), which holds
        the checkpoint without the phoneme encoder.
    """

    on_device = True
    licence = WEIGHTS.licence
    quantities = (Quantity("utmos", "MOS", higher_is_better=True),)
    sizes: ClassVar[Sizes] = Sizes()

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        self.identity = Identity("utmos", adapted("torchaudio"), f"strong learner {self._found.short}")

    def predict(self, signal: Signal) -> Sequence[float]:
        import torch

        network = self._network
        features, _ = network["encoder"](as_batch(signal, self.device))
        frames = features.shape[1]
        about = [network["about"][name].expand(1, frames, -1) for name in ("domain_emb", "judge_emb")]
        hidden, _ = network["blstm"](torch.cat([features, *about], dim=2))
        return [float(network["projection"](hidden).mean()) * 2 + 3]

    @cached_property
    def _network(self) -> Any:
        what = "the weights of UTMOS22's strong learner"
        state = renamed(read_tensors(self._found.path, what))
        return filled(build(self.sizes), state, self._found, what, self.device)


def build(sizes: Sizes) -> Any:
    """The network without its weights: ``encoder``, ``about`` (the two embeddings), ``blstm`` and ``projection``."""
    from torch import nn, zeros
    from torchaudio.models import wav2vec2_model

    width = sizes.convolution
    strides = [(width, 10, 5), *[(width, 3, 2)] * 4, *[(width, 2, 2)] * 2]
    encoder = wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=strides,
        extractor_conv_bias=False,
        encoder_embed_dim=sizes.features,
        encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=sizes.position_kernel,
        encoder_pos_conv_groups=sizes.position_groups,
        encoder_num_layers=sizes.layers,
        encoder_num_heads=sizes.heads,
        encoder_attention_dropout=0.0,
        encoder_ff_interm_features=sizes.inner,
        encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0,
        encoder_layer_norm_first=False,
        encoder_layer_drop=0.0,
        aux_num_out=None,
    )
    about = nn.ParameterDict({name: zeros(1, sizes.embedding) for name in ("domain_emb", "judge_emb")})
    inputs = sizes.features + 2 * sizes.embedding
    blstm = nn.LSTM(inputs, sizes.recurrent, batch_first=True, bidirectional=True)
    layers = (nn.Linear(2 * sizes.recurrent, sizes.projected), nn.ReLU(), nn.Linear(sizes.projected, 1))
    return nn.ModuleDict({"encoder": encoder, "about": about, "blstm": blstm, "projection": nn.Sequential(*layers)})


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the checkpoint under the names that :func:`build` has for them.

    >>> list(renamed({"wav2vec2.encoder.layers.3.fc1.bias": 0, "wav2vec2.mask_emb": 0, "judge_emb": 0}))
    ['encoder.encoder.transformer.layers.3.feed_forward.intermediate_dense.bias', 'about.judge_emb']
    """
    return {_new_name(name): value for name, value in state.items() if name != UNUSED}


def _new_name(name: str) -> str:
    if not name.startswith(ENCODER):
        return f"about.{name}" if name.endswith("_emb") else name
    name = name.removeprefix(ENCODER)
    for pattern, replacement in RENAMED:
        if re.match(pattern, name):
            return f"encoder.{re.sub(pattern, replacement, name)}"
    return f"encoder.{name}"
