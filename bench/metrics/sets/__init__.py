"""Measures of a whole set of clips, one row each. Plug-ins join through the group ``codecbench.set_measures``."""

from __future__ import annotations

from bench.metrics.sets.base import SetMeasure
from bench.registry import Entry, Registry

_NEURAL = "pip install 'codecbench[neural]'"
_TRANSFORMERS = (("torch", "transformers"), _NEURAL)

TABLE = (
    Entry(
        "fad_log_mel",
        "bench.metrics.sets.log_mel:FrechetLogMel",
        "Frechet distance of log-mel frames, not of a network",
    ),
    Entry(
        "fad_vggish",
        "bench.metrics.sets.vggish:FrechetVggish",
        "Frechet audio distance, VGGish embeddings",
        ("torch",),
        _NEURAL,
    ),
    Entry("fad_clap", "bench.metrics.sets.clap:FrechetClap", "Frechet audio distance, CLAP embeddings", *_TRANSFORMERS),
    Entry(
        "fad_encodec",
        "bench.metrics.sets.encodec:FrechetEncodec",
        "Frechet audio distance, latents of EnCodec's encoder",
        *_TRANSFORMERS,
    ),
    Entry("codebooks", "bench.metrics.sets.codebooks:Codebooks", "how a codec uses its codebooks; tokens per second"),
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
