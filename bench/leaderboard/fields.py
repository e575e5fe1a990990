"""The fixed columns of a board: what stands beside the scores of an entry."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bench.leaderboard.model import Board, Entry

Content = str | float


@dataclass(frozen=True, slots=True)
class Field:
    """``value`` gives text, or a number that is NaN where nothing is known. ``best_first``: sorting starts with the
    highest."""

    key: str
    label: str
    value: Callable[[Entry], Content]
    unit: str = ""
    hint: str = ""
    best_first: bool = False


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


IDENTITY = (
    Field("condition", "condition", lambda entry: entry.condition, hint="Codec and bitrate that was asked for."),
    Field("source", "source", lambda entry: entry.source, hint="Run, listening test or paper; see Sources."),
)

RATES = (
    Field("actual_bps", "measured", lambda entry: entry.actual_bps, "kbit/s",
          "Counted payload bits over seconds of audio, all clips together."),
    Field("nominal_bps", "nominal", lambda entry: _number(entry.nominal_bps), "kbit/s",
          "What the codec was asked for."),
    Field("adaptive_bps", "adaptive", lambda entry: _number(entry.entropy_bps.get("adaptive")), "kbit/s",
          "Measured after an adaptive range coder of the codes, decoded back and compared."),
    Field("lm_bps", "lm", lambda entry: _number(entry.entropy_bps.get("lm")), "kbit/s",
          "Measured after the codec's language model and an arithmetic coder, decoded back and compared."),
    Field("stated_bps", "stated", lambda entry: _number(entry.entropy_bps.get("stated")), "kbit/s",
          "After entropy coding, as a paper states it."),
)  # fmt: skip

COSTS = (
    Field("encode_rtf", "encode", lambda entry: entry.encode_rtf, "× real time",
          "Seconds of audio encoded per second of one thread; of the machine named under Sources.", best_first=True),
    Field("decode_rtf", "decode", lambda entry: entry.decode_rtf, "× real time",
          "Seconds of audio decoded per second of one thread; of the machine named under Sources.", best_first=True),
    Field("delay_ms", "algorithmic delay", lambda entry: entry.delay_ms, "ms",
          "What a real-time encoder and decoder wait for; ∞ where a clip is coded as a whole."),
    Field("parameters", "parameters", lambda entry: _number(entry.parameters), "",
          "Of its networks, encoder and decoder."),
    Field("licence", "licence", lambda entry: entry.licence, "", "Of the weights; empty where it is not known."),
    Field("n", "n", lambda entry: entry.n if entry.kind == "measured" else math.nan, "clips",
          "Clips that were encoded and decoded.", best_first=True),
    Field("n_failed", "failed", lambda entry: entry.n_failed if entry.kind == "measured" else math.nan, "clips",
          "Clips on which the codec failed."),
)  # fmt: skip

ALWAYS = ("condition", "source", "actual_bps", "nominal_bps", "n", "n_failed")
"""Others are shown where an entry of the board has something in them."""

FIELDS = {field.key: field for field in (*IDENTITY, *RATES, *COSTS)}


def shown(board: Board, fields: tuple[Field, ...]) -> list[Field]:
    """Those of ``fields`` that say something on this board."""
    return [field for field in fields if field.key in ALWAYS or any(known(field.value(one)) for one in board.entries)]


def known(content: Content) -> bool:
    """Whether there is something to show."""
    return content != "" and content == content
