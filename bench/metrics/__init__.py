"""The metrics, one row for each quantity. Plug-ins join through the entry-point group ``codecbench.metrics``."""

from __future__ import annotations

from collections.abc import Iterable

from bench.metrics.base import Metric
from bench.metrics.sets import TABLE as SET_MEASURES
from bench.registry import Entry, Registry

_METRICS, _MOS = "pip install 'codecbench[metrics]'", "pip install 'codecbench[mos]'"
_NEURAL, _SEMANTIC = "pip install 'codecbench[neural]'", "pip install 'codecbench[semantic]'"

_PESQ = (("pesq",), _METRICS)
_VISQOL = (("visqol", "numba"), _METRICS)
_LATTICE = (("visqol", "numba", "ai_edge_litert"), _METRICS)
_PACKAGED = (("speechmos", "onnxruntime"), _MOS)
_TORCHAUDIO = (("torch", "torchaudio"), _NEURAL)
_TORCHMETRICS = (("torch", "torchmetrics"), _NEURAL)
_WHISPER = (("torch", "transformers", "jiwer"), _SEMANTIC)
_WAVLM = (("torch", "transformers"), _SEMANTIC)

CORE = (
    Entry("si_sdr", "bench.metrics.distortion:SiSdr", "scale-invariant signal-to-distortion ratio"),
    Entry("snr", "bench.metrics.distortion:Snr", "signal-to-noise ratio"),
    Entry("pesq_wb", "bench.metrics.pesq:PesqWb", "PESQ, wide band (P.862.2)", *_PESQ),
    Entry("pesq_nb", "bench.metrics.pesq:PesqNb", "PESQ, narrow band (P.862.1)", *_PESQ),
    Entry("stoi", "bench.metrics.stoi:Stoi", "short-time objective intelligibility"),
    Entry("estoi", "bench.metrics.stoi:Stoi", "extended STOI"),
    Entry("visqol_audio", "bench.metrics.visqol:VisqolAudio", "ViSQOL, audio mode", *_VISQOL),
    *(
        Entry(
            f"visqol_speech_{mapping}",
            "bench.metrics.visqol:VisqolSpeech",
            f"ViSQOL, speech mode, {mapping} mapping",
            *_LATTICE,
        )
        for mapping in ("exponential", "lattice")
    ),
    Entry("mel_distance", "bench.metrics.spectral:MelDistance", "multi-scale mel distance as in DAC"),
    Entry(
        "mel_distance_encodec", "bench.metrics.spectral:MelDistanceEncodec", "multi-scale mel distance as in EnCodec"
    ),
    Entry("stft_distance", "bench.metrics.spectral:StftDistance", "multi-resolution STFT distance"),
    Entry("log_spectral_distance", "bench.metrics.spectral:LogSpectralDistance", "log-spectral distance"),
)
"""What a run measures unless its configuration names something else: no downloads, no surprises."""

SIGNAL = (
    Entry("mcd", "bench.metrics.cepstral:MelCepstralDistortion", "mel-cepstral distortion"),
    Entry("f0_correlation", "bench.metrics.intonation:PitchCorrelation", "correlation of pitch contours"),
    Entry("f0_rmse", "bench.metrics.intonation:PitchContour", "RMS difference of pitch in cents"),
    Entry("f0_rmse_hz", "bench.metrics.intonation:PitchContour", "RMS difference of pitch in Hz"),
    Entry("voicing_error", "bench.metrics.intonation:VoicingError", "share of frames voiced in one signal only"),
    Entry("sdr", "bench.metrics.sdr:Sdr", "signal-to-distortion ratio of BSS Eval"),
    Entry("si_snr", "bench.metrics.sdr:SiSnr", "scale-invariant signal-to-noise ratio, zero-mean form"),
    Entry("segmental_snr", "bench.metrics.segmental:SegmentalSnr", "segmental SNR"),
    Entry("fw_segmental_snr", "bench.metrics.segmental:FwSegmentalSnr", "frequency-weighted segmental SNR"),
    Entry("loudness_difference", "bench.metrics.loudness:LoudnessDifference", "difference of integrated loudness"),
    Entry("bandwidth_hz", "bench.metrics.bandwidth:Bandwidth", "effective bandwidth, without a reference"),
    Entry("bandwidth_difference", "bench.metrics.bandwidth:BandwidthDifference", "difference of effective bandwidth"),
    Entry("clipped_samples_share", "bench.metrics.clipping:ClippedSamplesShare", "samples at full scale"),
    Entry(
        "visqol_audio_per_channel",
        "bench.metrics.visqol:VisqolAudioPerChannel",
        "ViSQOL, audio mode, mean over channels",
        *_VISQOL,
    ),
)
"""More measures of the waveform, the spectrum, the voice, the level."""

MOS = (
    Entry("dnsmos_sig", "bench.metrics.mos.dnsmos:Dnsmos", "DNSMOS P.835, speech", *_PACKAGED),
    Entry("dnsmos_bak", "bench.metrics.mos.dnsmos:Dnsmos", "DNSMOS P.835, background", *_PACKAGED),
    Entry("dnsmos_ovrl", "bench.metrics.mos.dnsmos:Dnsmos", "DNSMOS P.835, overall", *_PACKAGED),
    Entry("dnsmos_p808", "bench.metrics.mos.dnsmos:Dnsmos", "DNSMOS P.808", *_PACKAGED),
    Entry("plcmos", "bench.metrics.mos.plcmos:Plcmos", "PLCMOS v2", *_PACKAGED),
    Entry("squim_stoi", "bench.metrics.mos.squim:SquimObjective", "SQUIM, guess of STOI", *_TORCHAUDIO),
    Entry("squim_pesq", "bench.metrics.mos.squim:SquimObjective", "SQUIM, guess of wide-band PESQ", *_TORCHAUDIO),
    Entry("squim_si_sdr", "bench.metrics.mos.squim:SquimObjective", "SQUIM, guess of SI-SDR", *_TORCHAUDIO),
    Entry(
        "squim_mos",
        "bench.metrics.mos.squim:SquimSubjective",
        "SQUIM, guess of a MOS, beside the reference",
        *_TORCHAUDIO,
    ),
    Entry("nisqa_mos", "bench.metrics.mos.nisqa:Nisqa", "NISQA v2, overall", *_TORCHMETRICS),
    Entry("nisqa_noi", "bench.metrics.mos.nisqa:Nisqa", "NISQA v2, noisiness", *_TORCHMETRICS),
    Entry("nisqa_dis", "bench.metrics.mos.nisqa:Nisqa", "NISQA v2, discontinuity", *_TORCHMETRICS),
    Entry("nisqa_col", "bench.metrics.mos.nisqa:Nisqa", "NISQA v2, coloration", *_TORCHMETRICS),
    Entry("nisqa_loud", "bench.metrics.mos.nisqa:Nisqa", "NISQA v2, loudness", *_TORCHMETRICS),
    Entry("utmos", "bench.metrics.mos.utmos:Utmos", "UTMOS22, strong learner", *_TORCHAUDIO),
    Entry("scoreq", "bench.metrics.mos.scoreq:Scoreq", "SCOREQ, natural speech", ("onnxruntime",), _MOS),
)
"""Predictors of a mean opinion score that listen to the degraded signal alone."""

SEMANTIC = (
    *(
        Entry(
            name,
            "bench.metrics.semantic.words:WordErrors",
            f"{unit} error rate of Whisper against what it hears in the reference",
            *_WHISPER,
        )
        for name, unit in (("wer", "word"), ("cer", "character"))
    ),
    Entry(
        "speaker_similarity",
        "bench.metrics.semantic.speaker:SpeakerSimilarity",
        "cosine of speaker embeddings of WavLM",
        *_WAVLM,
    ),
)
"""What is said and who says it."""

REFERENCE = (
    Entry(
        "visqol_reference_audio",
        "bench.metrics.visqol_reference:VisqolReferenceAudio",
        "ViSQOL, audio mode, by visqol-python (slow)",
        ("visqol",),
        _METRICS,
    ),
    *(
        Entry(
            f"visqol_reference_speech_{mapping}",
            "bench.metrics.visqol_reference:VisqolReferenceSpeech",
            f"ViSQOL, speech mode, {mapping} mapping, by visqol-python (slow)",
            ("visqol", "ai_edge_litert"),
            _METRICS,
        )
        for mapping in ("exponential", "lattice")
    ),
)
"""Other implementations of metrics of ours, to compare with."""

GROUPS = {"core": CORE, "signal": SIGNAL, "mos": MOS, "semantic": SEMANTIC, "visqol_reference": REFERENCE}
"""Names that stand for several quantities in a configuration; ``all`` is everything but ``visqol_reference``."""

TABLE = tuple(entry for group in GROUPS.values() for entry in group)

_OTHERS = {
    **{name: f"{name!r} is a group of metrics." for name in (*GROUPS, "all")},
    **{
        entry.name: f"{entry.name!r} measures whole sets: it belongs under `set_measures` of a configuration."
        for entry in SET_MEASURES
    },
}

registry = Registry("metric", "codecbench.metrics", TABLE, _OTHERS)
names = registry.names
load = registry.load


def expand(chosen: Iterable[str]) -> list[str]:
    """The quantities that ``chosen`` names, each once; groups and ``all`` are resolved, what no table knows stays."""
    wanted: dict[str, None] = {}
    for name in chosen:
        if name == "all":
            slow = expand(["visqol_reference"])
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
