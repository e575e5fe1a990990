"""Which codecs and metrics a first run measures, and at what rate and channels: only what starts on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import codecs, metrics
from bench.codecs.base import Codec
from bench.doctor import finding_of_codec
from bench.domain import Category
from bench.errors import CodecbenchError, ConfigError, MissingRequirement
from bench.registry import nearest
from bench.starting.looking import Found
from bench.wording import counted

CATEGORY_WORDS: dict[str, Category] = {"speech": "speech", "noisy": "noisy_reverberant_speech", "music": "music"}
"""What a user types for a category; the categories themselves are understood, too."""

PURPOSES = ("look", "paper")

Rates = tuple[int, ...]

_QUICK_SPEECH: dict[str, Rates] = {
    "opus": (6000, 9000, 12000, 24000),
    "encodec_24khz": (1500, 3000, 6000, 12000),
}
_QUICK_MUSIC: dict[str, Rates] = {
    "opus": (24000, 48000, 64000, 96000),
    "mp3": (64000, 96000, 128000, 192000),
    "encodec_48khz": (3000, 6000, 12000, 24000),
}
_PAPER_SPEECH: dict[str, Rates] = {
    "opus": (6000, 9000, 12000, 16000, 24000, 32000),
    "evs": (7200, 9600, 13200, 24400),
    "amr_wb": (12650, 23850),
    "lc3": (16000, 24000, 32000),
    "aac": (12000, 24000),
    "lyra_v2": (3200, 6000, 9200),
    "encodec_24khz": (1500, 3000, 6000, 12000, 24000),
    "dac_24khz": (3000, 6000, 12000, 24000),
    "mimi": (1100, 2200, 4400),
}
_PAPER_MUSIC: dict[str, Rates] = {
    "opus": (6000, 12000, 24000, 48000, 64000, 96000),
    "mp3": (64000, 96000, 128000),
    "aac": (24000, 48000, 64000, 96000),
    "vorbis": (48000, 64000, 96000),
    "usac": (),
    "encodec_24khz": (1500, 3000, 6000, 12000, 24000),
    "encodec_48khz": (3000, 6000, 12000, 24000),
    "dac_44khz": (2584, 5168, 7752),
}
_WANTED: dict[str, dict[Category, dict[str, Rates]]] = {
    "look": {"speech": _QUICK_SPEECH, "noisy_reverberant_speech": _QUICK_SPEECH, "music": _QUICK_MUSIC},
    "paper": {"speech": _PAPER_SPEECH, "noisy_reverberant_speech": _PAPER_SPEECH, "music": _PAPER_MUSIC},
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A codec at bitrates in bit/s (empty: it has none to choose). ``codec`` is None where it does not start here.

    ``why_not`` is the reason, and the line that gets it.
    """

    name: str
    bitrates: Rates
    codec: Codec | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for a key of a configuration, and why."""

    value: int
    why: str


def category_of(text: str) -> Category:
    """The category that a user means.

    >>> category_of("noisy")
    'noisy_reverberant_speech'
    """
    word = text.strip().lower()
    known: dict[str, Category] = CATEGORY_WORDS | {category: category for category in CATEGORY_WORDS.values()}
    if word not in known:
        raise ConfigError(f"category: expected {', '.join(CATEGORY_WORDS)}, got {text!r}.{nearest(word, known)}")
    return known[word]


def wanted_codecs(text: str, category: Category) -> dict[str, Rates]:
    """What a user types for the codecs: ``look``, ``paper``, or names, each with a bitrate or without.

    Raises:
        ConfigError: no such codec, or no bitrate after the @.

    >>> wanted_codecs("opus@6000 opus@12000, pcm", "speech")
    {'opus': (6000, 12000), 'pcm': ()}
    """
    if (purpose := text.strip().lower()) in PURPOSES:
        return dict(_WANTED[purpose][category])
    found: dict[str, Rates] = {}
    problems = []
    for item in filter(None, re.split(r"[,\s]+", text)):
        name, _, bitrate = item.partition("@")
        try:
            codecs.registry.entry(name)
        except CodecbenchError as error:
            problems.append(f"codecs: {error}")
        if bitrate and not (bitrate.isdecimal() and int(bitrate)):
            problems.append(f"codecs: expected {name}@BITRATE in bit/s, such as {name}@12000, got {item!r}.")
        else:
            found[name] = (*found.get(name, ()), *((int(bitrate),) if bitrate else ()))
    if problems or not found:
        expected = "codecs: expected look, paper, or names such as opus@12000 mp3@64000, got nothing."
        raise ConfigError(problems or expected)
    return {name: tuple(dict.fromkeys(rates)) for name, rates in found.items()}


def tried(wanted: dict[str, Rates]) -> list[Choice]:
    """``wanted``, each codec made and used once on a short noise."""
    found = []
    for name, bitrates in wanted.items():
        if name in codecs.DESCRIBED:
            why = f"{name} is described by options of its own, see the documentation of codecs"
            found.append(Choice(name, bitrates, why_not=why))
            continue
        finding = finding_of_codec(name)
        if finding.ok:
            codec: Codec = codecs.make(name, {})
            found.append(Choice(name, bitrates or codec.bitrates_bps, codec))
        else:
            why = f"to get it: {finding.remedy}" if finding.optional else finding.detail
            found.append(Choice(name, bitrates, why_not=" ".join(why.split())))
    return found


def channels_for(found: Found, category: Category, choices: Sequence[Choice]) -> Setting:
    """Mono or stereo for every reference.

    Speech is mono as soon as one chosen codec codes nothing else; otherwise it is what most files are, and mono
    where most have more than two.
    """
    usual = _commonest(found.channels)
    mono = [choice.name for choice in choices if choice.codec and choice.codec.channels == (1,)]
    if usual == 1 or usual > 2:
        return Setting(1, f"{_share(found.channels[usual], found)} {'mono' if usual == 1 else f'of {usual} channels'}")
    if category != "music" and mono:
        return Setting(
            1, f"{', '.join(mono)} {'codes' if len(mono) == 1 else 'code'} mono only; stereo is mixed to mono"
        )
    if set(found.channels) - {1, 2}:
        return Setting(1, "files with more than two channels can only be mixed to mono")
    return Setting(2, f"{_share(found.channels[usual], found)} stereo")


def rate_for(found: Found, category: Category, choices: Sequence[Choice]) -> Setting:
    """The sample rate of every reference, in Hz: what most files have.

    Speech goes down to 24 kHz where a chosen codec codes nothing else, so that all are compared with one reference.
    """
    usual = _commonest(found.rates)
    narrow = [choice.name for choice in choices if choice.codec and choice.codec.sample_rates == (24_000,)]
    if category != "music" and narrow and usual > 24_000:
        which = f"{', '.join(narrow)} {'codes' if len(narrow) == 1 else 'code'} 24 kHz only"
        return Setting(24_000, f"{which}; all codecs are compared with the same reference")
    why = f"{_share(found.rates[usual], found)} at this rate"
    if below := sum(count for rate, count in found.rates.items() if rate < usual):
        why += (
            f"; {counted(below, 'file')} below it {'is' if below == 1 else 'are'} converted up, and the report leaves "
            "them out of the means of codecs with a wider band"
        )
    return Setting(usual, why)


def split(choice: Choice, rate: int, channels: int) -> tuple[Rates, dict[int | None, str]]:
    """The bitrates at which the codec takes such a reference, and the reason for each that it refuses."""
    codec = choice.codec
    assert codec is not None
    refused: dict[int | None, str] = {}
    for bitrate in choice.bitrates or (None,):
        if why := codec.refusal(bitrate, codec.working_rate(rate), channels):
            refused[bitrate] = " ".join(why.split())
    return tuple(bitrate for bitrate in choice.bitrates if bitrate not in refused), refused


def metrics_here(names: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The quantities of ``names`` (groups too) that start here, and the others by the line that gets them."""
    here: list[str] = []
    absent: dict[str, list[str]] = {}
    for quantity in metrics.expand(names):
        try:
            metrics.make([quantity])
        except MissingRequirement as error:
            remedy = str(error).partition("To get it: ")[2] or str(error)
            absent.setdefault(" ".join(remedy.split()), []).append(quantity)
        else:
            here.append(quantity)
    return here, absent


def _commonest(numbers: dict[int, int]) -> int:
    """The value of most files; the smallest of several."""
    return min(numbers, key=lambda value: (-numbers[value], value))


def _share(count: int, found: Found) -> str:
    return (
        ("the file is" if count == 1 else "all files are")
        if count == found.files
        else f"{count} of {found.files} files are"
    )
