"""The metrics, one row for each quantity. Plug-ins join through the entry-point group ``codecbench.metrics``."""

from __future__ import annotations

from collections.abc import Iterable

from bench.metrics.base import Metric
from bench.metrics.sets import TABLE as SET_MEASURES
from bench.registry import Registry, rows_of

_row = rows_of("bench.metrics")
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
    _row("si_sdr", "distortion:SiSdr", "scale-invariant signal-to-distortion ratio"),
    _row("snr", "distortion:Snr", "signal-to-noise ratio"),
    _row("pesq_wb", "pesq:PesqWb", "PESQ, wide band (P.862.2)", *_PESQ),
    _row("pesq_nb", "pesq:PesqNb", "PESQ, narrow band (P.862.1)", *_PESQ),
    _row("stoi", "stoi:Stoi", "short-time objective intelligibility"),
    _row("estoi", "stoi:Stoi", "extended STOI"),
    _row("visqol_audio", "visqol:VisqolAudio", "ViSQOL, audio mode", *_VISQOL),
    *(
        _row(f"visqol_speech_{mapping}", "visqol:VisqolSpeech", f"ViSQOL, speech mode, {mapping} mapping", *_LATTICE)
        for mapping in ("exponential", "lattice")
    ),
    _row("mel_distance", "spectral:MelDistance", "multi-scale mel distance as in DAC"),
    _row("mel_distance_encodec", "spectral:MelDistanceEncodec", "multi-scale mel distance as in EnCodec"),
    _row("stft_distance", "spectral:StftDistance", "multi-resolution STFT distance"),
    _row("log_spectral_distance", "spectral:LogSpectralDistance", "log-spectral distance"),
)
"""What a run measures unless its configuration names something else: no downloads, no surprises."""

SIGNAL = (
    _row("mcd", "cepstral:MelCepstralDistortion", "mel-cepstral distortion"),
    _row("f0_correlation", "intonation:PitchCorrelation", "correlation of pitch contours"),
    _row("f0_rmse", "intonation:PitchContour", "RMS difference of pitch in cents"),
    _row("f0_rmse_hz", "intonation:PitchContour", "RMS difference of pitch in Hz"),
    _row("voicing_error", "intonation:VoicingError", "share of frames voiced in one signal only"),
    _row("sdr", "sdr:Sdr", "signal-to-distortion ratio of BSS Eval"),
    _row("si_snr", "sdr:SiSnr", "scale-invariant signal-to-noise ratio, zero-mean form"),
    _row("segmental_snr", "segmental:SegmentalSnr", "segmental SNR"),
    _row("fw_segmental_snr", "segmental:FwSegmentalSnr", "frequency-weighted segmental SNR"),
    _row("loudness_difference", "loudness:LoudnessDifference", "difference of integrated loudness"),
    _row("bandwidth_hz", "bandwidth:Bandwidth", "effective bandwidth, without a reference"),
    _row("bandwidth_difference", "bandwidth:BandwidthDifference", "difference of effective bandwidth"),
    _row("clipped_samples_share", "clipping:ClippedSamplesShare", "samples at full scale"),
    _row(
        "visqol_audio_per_channel", "visqol:VisqolAudioPerChannel", "ViSQOL, audio mode, mean over channels", *_VISQOL
    ),
)
"""More measures of the waveform, the spectrum, the voice, the level."""

MOS = (
    _row("dnsmos_sig", "mos.dnsmos:Dnsmos", "DNSMOS P.835, speech", *_PACKAGED),
    _row("dnsmos_bak", "mos.dnsmos:Dnsmos", "DNSMOS P.835, background", *_PACKAGED),
    _row("dnsmos_ovrl", "mos.dnsmos:Dnsmos", "DNSMOS P.835, overall", *_PACKAGED),
    _row("dnsmos_p808", "mos.dnsmos:Dnsmos", "DNSMOS P.808", *_PACKAGED),
    _row("plcmos", "mos.plcmos:Plcmos", "PLCMOS v2", *_PACKAGED),
    _row("squim_stoi", "mos.squim:SquimObjective", "SQUIM, guess of STOI", *_TORCHAUDIO),
    _row("squim_pesq", "mos.squim:SquimObjective", "SQUIM, guess of wide-band PESQ", *_TORCHAUDIO),
    _row("squim_si_sdr", "mos.squim:SquimObjective", "SQUIM, guess of SI-SDR", *_TORCHAUDIO),
    _row("squim_mos", "mos.squim:SquimSubjective", "SQUIM, guess of a MOS, beside the reference", *_TORCHAUDIO),
    _row("nisqa_mos", "mos.nisqa:Nisqa", "NISQA v2, overall", *_TORCHMETRICS),
    _row("nisqa_noi", "mos.nisqa:Nisqa", "NISQA v2, noisiness", *_TORCHMETRICS),
    _row("nisqa_dis", "mos.nisqa:Nisqa", "NISQA v2, discontinuity", *_TORCHMETRICS),
    _row("nisqa_col", "mos.nisqa:Nisqa", "NISQA v2, coloration", *_TORCHMETRICS),
    _row("nisqa_loud", "mos.nisqa:Nisqa", "NISQA v2, loudness", *_TORCHMETRICS),
    _row("utmos", "mos.utmos:Utmos", "UTMOS22, strong learner", *_TORCHAUDIO),
    _row("scoreq", "mos.scoreq:Scoreq", "SCOREQ, natural speech", ("onnxruntime",), _MOS),
)
"""Predictors of a mean opinion score that listen to the degraded signal alone."""

SEMANTIC = (
    *(
        _row(
            name,
            "semantic.words:WordErrors",
            f"{unit} error rate of Whisper against what it hears in the reference",
            *_WHISPER,
        )
        for name, unit in (("wer", "word"), ("cer", "character"))
    ),
    _row("speaker_similarity", "semantic.speaker:SpeakerSimilarity", "cosine of speaker embeddings of WavLM", *_WAVLM),
)
"""What is said and who says it."""

REFERENCE = (
    _row(
        "visqol_reference_audio",
        "visqol_reference:VisqolReferenceAudio",
        "ViSQOL, audio mode, by visqol-python (slow)",
        ("visqol",),
        _METRICS,
    ),
    *(
        _row(
            f"visqol_reference_speech_{mapping}",
            "visqol_reference:VisqolReferenceSpeech",
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
