"""The metrics, one row for each quantity. Plug-ins join through the entry-point group ``codecbench.metrics``."""

from __future__ import annotations

from collections.abc import Iterable

from bench.metrics.base import Metric
from bench.registry import Entry, Registry

_INSTALL = "pip install 'codecbench[metrics]'"

CORE = (
    Entry("si_sdr", "bench.metrics.distortion:SiSdr", "scale-invariant signal-to-distortion ratio"),
    Entry("snr", "bench.metrics.distortion:Snr", "signal-to-noise ratio"),
    Entry("pesq_wb", "bench.metrics.pesq:PesqWb", "PESQ, wide band (P.862.2)", ("pesq",), _INSTALL),
    Entry("pesq_nb", "bench.metrics.pesq:PesqNb", "PESQ, narrow band (P.862.1)", ("pesq",), _INSTALL),
    Entry("stoi", "bench.metrics.stoi:Stoi", "short-time objective intelligibility"),
    Entry("estoi", "bench.metrics.stoi:Stoi", "extended STOI"),
    Entry("visqol_audio", "bench.metrics.visqol:VisqolAudio", "ViSQOL, audio mode", ("visqol", "numba"), _INSTALL),
    Entry(
        "visqol_speech_exponential",
        "bench.metrics.visqol:VisqolSpeech",
        "ViSQOL, speech mode, exponential mapping",
        ("visqol", "numba", "ai_edge_litert"),
        _INSTALL,
    ),
    Entry(
        "visqol_speech_lattice",
        "bench.metrics.visqol:VisqolSpeech",
        "ViSQOL, speech mode, lattice mapping",
        ("visqol", "numba", "ai_edge_litert"),
        _INSTALL,
    ),
    Entry("mel_distance", "bench.metrics.spectral:MelDistance", "multi-scale mel distance as in DAC"),
    Entry(
        "mel_distance_encodec", "bench.metrics.spectral:MelDistanceEncodec", "multi-scale mel distance as in EnCodec"
    ),
    Entry("stft_distance", "bench.metrics.spectral:StftDistance", "multi-resolution STFT distance"),
    Entry("log_spectral_distance", "bench.metrics.spectral:LogSpectralDistance", "log-spectral distance"),
)
"""What a run measures unless its configuration names something else: no downloads, no surprises."""

SIGNAL: tuple[Entry, ...] = (
    Entry(
        "visqol_audio_per_channel",
        "bench.metrics.visqol:VisqolAudioPerChannel",
        "ViSQOL, audio mode, mean over channels",
        ("visqol", "numba"),
        _INSTALL,
    ),
)
"""More measures of the waveform, the spectrum, the voice, the level."""

MOS: tuple[Entry, ...] = ()
"""Predictors of a mean opinion score that listen to the degraded signal alone."""

SEMANTIC: tuple[Entry, ...] = ()
"""What is said and who says it."""

REFERENCE = (
    Entry(
        "visqol_reference_audio",
        "bench.metrics.visqol_reference:VisqolReferenceAudio",
        "ViSQOL, audio mode, by visqol-python (slow)",
        ("visqol",),
        _INSTALL,
    ),
    Entry(
        "visqol_reference_speech_exponential",
        "bench.metrics.visqol_reference:VisqolReferenceSpeech",
        "ViSQOL, speech mode, exponential mapping, by visqol-python (slow)",
        ("visqol", "ai_edge_litert"),
        _INSTALL,
    ),
    Entry(
        "visqol_reference_speech_lattice",
        "bench.metrics.visqol_reference:VisqolReferenceSpeech",
        "ViSQOL, speech mode, lattice mapping, by visqol-python (slow)",
        ("visqol", "ai_edge_litert"),
        _INSTALL,
    ),
)
"""Other implementations of metrics of ours, to compare with."""

GROUPS = {"core": CORE, "signal": SIGNAL, "mos": MOS, "semantic": SEMANTIC, "reference": REFERENCE}
"""Names that stand for several quantities in a configuration; ``all`` stands for everything but ``reference``."""

TABLE = tuple(entry for group in GROUPS.values() for entry in group)

registry = Registry("metric", "codecbench.metrics", TABLE)
names = registry.names
load = registry.load


def expand(chosen: Iterable[str]) -> list[str]:
    """The quantities that ``chosen`` names, each once; groups and ``all`` are resolved, what no table knows stays."""
    wanted: dict[str, None] = {}
    for name in chosen:
        if name == "all":
            slow = expand(["reference"])
            wanted |= dict.fromkeys(each for each in names() if each not in slow)
        elif name in GROUPS:
            wanted |= dict.fromkeys(entry.name for entry in GROUPS[name])
        else:
            wanted[name] = None
    return list(wanted)


def make(quantities: Iterable[str]) -> list[Metric]:
    """The metrics that give ``quantities``, each once: a metric with several quantities computes them together.

    Raises:
        UnknownName: with the nearest known name.
        MissingRequirement: a package or weights are absent; what to do.
    """
    factories = dict.fromkeys(load(name) for name in quantities)
    return [factory() for factory in factories]
