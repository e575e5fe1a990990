"""Measures of a whole set of clips, one row each. Plug-ins join through the group ``codecbench.set_measures``."""

from __future__ import annotations

from bench.metrics.sets.base import SetMeasure
from bench.registry import Registry, rows_of

_row = rows_of("bench.metrics.sets")

_NEURAL = "pip install 'codecbench[neural]'"
_TRANSFORMERS = (("torch", "transformers"), _NEURAL)

TABLE = (
    _row("fad_log_mel", "log_mel:FrechetLogMel", "Frechet distance of log-mel frames, not of a network"),
    _row("fad_vggish", "vggish:FrechetVggish", "Frechet audio distance, VGGish embeddings", ("torch",), _NEURAL),
    _row("fad_clap", "clap:FrechetClap", "Frechet audio distance, CLAP embeddings", *_TRANSFORMERS),
    _row(
        "fad_encodec", "encodec:FrechetEncodec", "Frechet audio distance, latents of EnCodec's encoder", *_TRANSFORMERS
    ),
    _row("codebooks", "codebooks:Codebooks", "how a codec uses its codebooks; tokens per second"),
)

registry = Registry("set measure", "codecbench.set_measures", TABLE)
names = registry.names


def make(name: str) -> SetMeasure:
    """The set measure called ``name``.

    Raises:
        UnknownName: with the nearest known name.
        MissingRequirement: a package or weights are absent; what to do.
    """
    measure: SetMeasure = registry.load(name)()
    return measure
