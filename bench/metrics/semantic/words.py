"""Word and character error rates: does one still understand what is said?"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal
from bench.metrics.semantic import whisper


@dataclass(frozen=True, slots=True)
class _Reference:
    text: str
    language: str


class WordErrors(Metric):
    """Error rates of speech recognition: ``wer`` of words, ``cer`` of characters. 0 is best; more than 1 is possible.

    Whisper transcribes the reference once and every degraded version; the edits (substitutions, deletions,
    insertions) between the two texts are divided by the length of the reference's text. No transcript is needed, and
    errors that Whisper makes on the reference itself do not count. Weights: Whisper small, or what CODECBENCH_WHISPER
    names. 16 kHz, mono mix; longer clips in equal pieces of at most 30 s; greedy, without timestamps and without
    fallback to higher temperatures, one thread, float32. The language is that heard in the reference, for all its
    conditions, or CODECBENCH_WHISPER_LANGUAGE. English is normalised as by Whisper's authors, other languages to lower
    case without punctuation. A silent degraded signal has no words: 1.

    Raises:
        MetricUndefined: Whisper hears no words in the reference, or it is silent.
    Blind spots:
        Whisper guesses what is likely, so it repairs small damage that a listener hears, and on noise it invents words
        or repeats itself. Voice, quality and intonation do not count. A short clip moves in large steps: one word of
        ten is 0.1. Words at the border of two pieces can be cut. Rates of different models are different quantities.
    Source:
        Radford et al., "Robust speech recognition via large-scale weak supervision", arXiv:2212.04356.
    """

    licence = whisper.WEIGHTS.licence
    quantities = (
        Quantity("wer", "", higher_is_better=False, low=0.0),
        Quantity("cer", "", higher_is_better=False, low=0.0),
    )
    domain = Domain(categories=SPEECH, sample_rate=whisper.RATE, channels="mixdown", minimum_s=0.1)
    needs_words = True
    on_device = True

    def __init__(self) -> None:
        self._found = whisper.WEIGHTS.find()
        self._language = whisper.chosen_language(self._found)
        packages = " ".join(f"{name} {version(name)}" for name in ("transformers", "torch", "jiwer"))
        self.identity = Identity(
            "words",
            "1",
            f"Whisper weights {self._found.short} {packages} float32 language {self._language or 'of the reference'}",
        )

    def prepare_channel(self, reference: Signal, rate: int) -> _Reference:
        samples = reference.astype(np.float32)
        listener = whisper.load(self._found, self.device)
        language = self._language or listener.language(samples)
        text = listener.text(samples, language)
        if not text:
            raise MetricUndefined("Whisper hears no words in the reference; an error rate needs at least one.")
        return _Reference(text, language)

    def score_channel(self, state: _Reference, degraded: Signal, rate: int) -> dict[str, float]:
        import jiwer

        text = whisper.load(self._found, self.device).text(degraded.astype(np.float32), state.language)
        return {"wer": float(jiwer.wer(state.text, text)), "cer": float(jiwer.cer(state.text, text))}
