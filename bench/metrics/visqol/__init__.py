"""ViSQOL v3, written from its papers and made to agree with the standard implementation, google/visqol.

What the papers leave open, and where google/visqol departs from them, follows google/visqol: its published values are
the definition. Both sides of a comparison are ``prepare`` and ``compare`` in :mod:`.comparison`, from signals to
features; :mod:`.mapping` makes scores of features.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import ClassVar, Literal

import numpy as np

from bench.audio import Audio, require_finite
from bench.domain import Identity
from bench.errors import AudioError, ConfigError
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active
from bench.metrics.visqol import comparison
from bench.metrics.visqol.comparison import AUDIO, Prepared, compare, prepare
from bench.metrics.visqol.mapping import (
    LATTICE_MODEL,
    SVR_MODEL,
    by_exponential,
    by_lattice,
    by_support_vectors,
    model_file,
    models_identity,
)

RATES = {"audio": (48_000,), "speech": (16_000, 48_000)}
"""Rates in Hz of what :func:`visqol` takes, by its mode: those of the published values."""

VERSION = "1"  # raise it when a change in this package can change a value


def visqol(reference: Audio, degraded: Audio, mode: Literal["audio", "speech"] = "audio") -> dict[str, float]:
    """The score of two recordings as the standard tool has it: at the rate they have, of any two lengths, mono mix.

    The metrics of a run resample first (audio mode 48 kHz, speech mode 16 kHz); published values belong to files as
    they are, of CA01 at 48 kHz in speech mode.

    Returns:
        ``visqol_audio``, or ``visqol_speech_exponential`` and ``visqol_speech_lattice``.
    Raises:
        ConfigError: no such mode.
        AudioError: different rates, one that the mode has no published values for (``RATES``), NaN or infinite samples.
        MetricUndefined: too short, silent, or nothing to match.
    """
    if mode not in RATES:
        raise ConfigError(f"ViSQOL's mode: expected {' or '.join(RATES)}, got {mode!r}.")
    if reference.rate != degraded.rate:
        raise AudioError(
            f"the reference has {reference.rate} Hz and the degraded signal {degraded.rate} Hz; expected the same. "
            "Resample one of them (Audio.at)."
        )
    if reference.rate not in RATES[mode]:
        raise AudioError(
            f"ViSQOL in {mode} mode: expected {' or '.join(map(str, RATES[mode]))} Hz, got {reference.rate} Hz. "
            "Resample both signals (Audio.at)."
        )
    require_finite(reference, "the reference")
    require_finite(degraded, "the degraded signal")
    metric = VisqolAudio() if mode == "audio" else VisqolSpeech()
    first, second = (signal.mixed_to(1).samples[0].astype(np.float64) for signal in (reference, degraded))
    require_active(first, "the reference")
    return metric.score_channel(metric.prepare_channel(first, reference.rate), second, degraded.rate)


class VisqolAudio(Metric):
    """ViSQOL in audio mode: ``visqol_audio``, predicted quality of a mono mix, MOS-LQO, higher is better.

    Gammatone spectrograms (32 bands, 50 Hz to 24 kHz) of both signals are aligned in time, as a whole and in patches
    of 0.6 s, and compared by NSIM; a support-vector regression maps the similarity of each band to a score. Works at
    48 kHz on the mean of the channels, as the standard tool does. An identical pair has 4.732, the ceiling of the
    regression. Levels are matched before the comparison.

    Raises:
        MetricUndefined: shorter than 0.96 s or longer than 600 s, either signal silent, or so far apart that
            no patch is left.

    Blind spots:
        Gain and delay are taken out first. Stereo is heard through the mono mix only: a wrong stereo image escapes it,
        and channels in opposite phase vanish. The regression was fitted to music coded at full band, so neural codecs
        and speech lie outside of what it knows. Where its own alignment moves the degraded signal far, patches at the
        end are left out.

    Source:
        Hines et al., "ViSQOLAudio", JASA 137(6), 2015; Chinen et al., "ViSQOL v3", QoMEX 2020, arXiv:2004.09584;
        values as published with google/visqol, conformance number 333.
    """

    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("visqol_audio", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
    )
    domain: ClassVar[Domain] = Domain(
        sample_rate=48_000, channels="mixdown", minimum_s=0.96, maximum_s=600.0
    )  # 45 frames
    aligns = True

    def __init__(self) -> None:
        model_file(SVR_MODEL)
        self.identity = Identity("visqol_audio", VERSION, f"48 kHz, mono mix, nu-SVR mapping, {models_identity()}")

    def prepare_channel(self, reference: Signal, rate: int) -> Prepared:
        return prepare(reference, rate, AUDIO)

    def score_channel(self, state: Prepared, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        return {self.quantities[0].name: by_support_vectors(compare(state, degraded))}


class VisqolAudioPerChannel(VisqolAudio):
    """ViSQOL in audio mode on each channel: ``visqol_audio_per_channel``, MOS-LQO, higher is better.

    The mean over channels of ``visqol_audio``, each compared by itself; of a mono clip it is ``visqol_audio``. The
    standard tool has no such mode.

    Raises:
        MetricUndefined: shorter than 0.96 s or longer than 600 s, a channel of either signal silent, or so far
            apart that no patch is left.

    Blind spots:
        Each channel is aligned and levelled by itself, so that delay and level between the channels escape it. A good
        channel makes up for a bad one.

    Source:
        As ``visqol_audio``; the mean over channels is ours.
    """

    quantities = (Quantity("visqol_audio_per_channel", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),)
    domain = Domain(sample_rate=48_000, channels="per_channel_mean", minimum_s=0.96, maximum_s=600.0)

    def __init__(self) -> None:
        model_file(SVR_MODEL)
        details = f"48 kHz, mean over channels, nu-SVR mapping, {models_identity()}"
        self.identity = Identity("visqol_audio_per_channel", VERSION, details)


class VisqolSpeech(Metric):
    """ViSQOL in speech mode with both of its mappings, from one comparison; MOS-LQO, higher is better.

    Gammatone spectrograms (21 bands, 50 Hz to 8 kHz) are aligned and compared by NSIM in patches of 0.4 s, of which
    those without voice in the reference are left out. ``visqol_speech_lattice`` is the default of the standard tool, a
    lattice network over four features of each band; ``visqol_speech_exponential`` is the older fit to mean NSIM. They
    are different scales: the same pair can have 1.8 and 3.7. Works at 16 kHz on the mean of the channels.

    Raises:
        MetricUndefined: shorter than 0.64 s or longer than 600 s, either signal silent, or so far apart that
            no patch is left.

    Blind spots:
        Gain and delay are taken out first, and nothing above 8 kHz is heard. An identical pair has 5 by the
        exponential, but by the lattice what the clip makes of it: 3.6 to 4.8 on 68 real clips. So the lattice compares
        conditions of one clip, not clips, and a coded clip can rank above its original. A patch counts as voiced by its
        level against the loudest sample, so that after a loud click soft speech is left out.

    Source:
        Hines et al., "ViSQOL: an objective speech quality model", EURASIP JASMP 2015:13; Chinen et al., "ViSQOL v3",
        QoMEX 2020, arXiv:2004.09584; the lattice came with release 3.3 of google/visqol.
    """

    quantities = (
        Quantity("visqol_speech_exponential", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
        Quantity("visqol_speech_lattice", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
    )
    domain = Domain(SPEECH, sample_rate=16_000, channels="mixdown", minimum_s=0.64, maximum_s=600.0)  # 29 frames
    aligns = True

    def __init__(self) -> None:
        model_file(LATTICE_MODEL)
        mappings = f"exponential and lattice mappings (ai-edge-litert {version('ai-edge-litert')})"
        self.identity = Identity("visqol_speech", VERSION, f"16 kHz, mono mix, {mappings}, {models_identity()}")

    def prepare_channel(self, reference: Signal, rate: int) -> Prepared:
        return prepare(reference, rate, comparison.SPEECH)

    def score_channel(self, state: Prepared, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        similarity = compare(state, degraded)
        return {
            "visqol_speech_exponential": by_exponential(similarity),
            "visqol_speech_lattice": by_lattice(similarity),
        }
