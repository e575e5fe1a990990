"""A first configuration as YAML with comments; :func:`bench.config.parse` takes it as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import yaml

from bench import codecs, config
from bench.domain import Category
from bench.errors import ConfigError, StoreError
from bench.starting.choosing import Choice, channels_for, metrics_here, rate_for, split, tried, wanted_codecs
from bench.starting.looking import Found, look
from bench.store import writing
from bench.untrusted import parse_yaml

CLIPS = {"look": 5, "paper": 50}
"""Clips of a purpose, at most; 50 of each category are the EnCodec paper's."""

EXCERPT_S = 10
"""Longest clip: BS.1534-3, 5.1, asks for about 10 s of what listeners shall judge."""

CONTROLS = {
    "passthrough": "the reference itself: the ceiling of every metric",
    "lowpass_3500": "the low anchor of MUSHRA: the floor",
}
MID_ANCHOR = {"lowpass_7000": "the mid anchor of MUSHRA"}

COLUMN = 46
"""Where a comment behind a value starts."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What ``codecbench init`` asks: a folder or file, its category, and ``look``, ``paper`` or names of codecs."""

    data: Path
    category: Category
    codecs: str

    @property
    def name(self) -> str:
        """Of the run: the folder's, as far as a run can be called that."""
        place = self.data.expanduser().resolve()
        return re.sub(r"[^\w.-]+", "_", place.stem if place.is_file() else place.name).lstrip("_.-") or "mine"


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration: its text, what the folder holds, the codecs that do not start here, and why others are out."""

    text: str
    found: Found
    absent: tuple[Choice, ...]
    refused: tuple[str, ...]


def written(answers: Answers) -> Written:
    """The configuration for ``answers``, made for this folder and this machine.

    Raises:
        ConfigError: no such folder, no audio in it, or no such codec.
    """
    _require_unicode(answers.data)
    found = look(answers.data)
    choices = tried(wanted_codecs(answers.codecs, answers.category))
    rate = rate_for(found, answers.category, choices)
    channels = channels_for(found, answers.category, choices)
    purpose = answers.codecs.strip().lower()
    controls = CONTROLS | (MID_ANCHOR if purpose == "paper" else {})
    choices = [choice for choice in choices if choice.name not in controls]
    lines = [
        *_head(answers, found),
        f"name: {_quoted(answers.name)}",
        "",
        "datasets:",
        "  - loader: folder",
        f"    name: {_quoted(answers.name)}",
        _with_comment(
            f"    category: {answers.category}",
            "speech, noisy_reverberant_speech or music: it decides which metrics speak",
        ),
        _with_comment(
            f"    path: {_quoted(str(found.folder))}", "a relative path starts at --data, else at the current folder"
        ),
        *([f"    include: [{', '.join(map(_quoted, found.include))}]"] if found.include else []),
        _with_comment(f"    duration_s: {EXCERPT_S}", "the first seconds of each file; shorter files as they are"),
        *_limit(purpose, found),
        "    # licence: CC-BY-4.0",
        "",
        f"# {rate.why}",
        f"sample_rate: {rate.value}",
        f"# {channels.why}",
        f"channels: {channels.value}",
        "",
        "codecs:",
        *(_with_comment(f"  - {name}", why) for name, why in controls.items()),
        *chain.from_iterable(_items(choice, rate.value, channels.value) for choice in choices),
        "",
        *_metrics(purpose, answers.category),
    ]
    text = "\n".join(lines) + "\n"
    config.parse(parse_yaml(text), "the configuration that codecbench init made")
    absent = tuple(choice for choice in choices if choice.codec is None)
    here = (choice for choice in choices if choice.codec is not None)
    refused = chain.from_iterable(split(choice, rate.value, channels.value)[1].values() for choice in here)
    return Written(text, found, absent, tuple(dict.fromkeys(refused)))


def save(text: str, file: Path, replace: bool = False) -> None:
    """Write a configuration; with ``replace`` over another.

    Raises:
        StoreError: a file is there already, or cannot be written.
    """
    with writing(file):
        try:
            with file.open("w" if replace else "x", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
        except FileExistsError:
            raise StoreError(f"{file}: it is there already. Choose another --output, or remove it.") from None


def _require_unicode(data: Path) -> None:
    try:
        str(data.expanduser().resolve()).encode()
    except UnicodeEncodeError:
        raise ConfigError(
            f"{str(data)!a}: expected a path in Unicode, because a configuration is a text in UTF-8. Rename the folder."
        ) from None


def _head(answers: Answers, found: Found) -> list[str]:
    return [
        f"# What `codecbench init` made of {_quoted(str(answers.data))}:",
        *(f"# {line}." for line in found.told()),
        "# Every key: codecbench schema run, or docs/datasets.md, docs/codecs.md and docs/metrics.md.",
    ]


def _items(choice: Choice, rate: int, channels: int) -> list[str]:
    """A codec as it stands under ``codecs``; what cannot be measured as a comment that says why."""
    if choice.codec is None:
        return [f"  # - {_codec(choice.name, choice.bitrates)}  # {choice.why_not}"]
    bitrates, refused = split(choice, rate, channels)
    taken = [f"  - {_codec(choice.name, bitrates)}"] if bitrates or not (choice.bitrates or refused) else []
    return taken + [
        f"  # - {_codec(choice.name, () if bitrate is None else (bitrate,))}  # {why}"
        for bitrate, why in refused.items()
    ]


def _limit(purpose: str, found: Found) -> list[str]:
    most = CLIPS.get(purpose)
    if most is None or found.files <= most:
        return ["    # limit: 50  # that many files, chosen by `seed`; without the line: all"]
    advice = "that many files, chosen by `seed`; without the line: all"
    return [_with_comment(f"    limit: {most}", advice), "    seed: 0"]


def _metrics(purpose: str, category: Category) -> list[str]:
    names = ["core", *(["dnsmos_ovrl"] if purpose == "paper" and category != "music" else [])]
    here, absent = metrics_here(names)
    chosen = names if not absent else here
    lines = [f"metrics: [{', '.join(chosen)}]"]
    if absent:
        lines.append("# Instead of these: metrics: [" + ", ".join(names) + "]")
        lines += [
            f"#   {', '.join(quantities)}: to get {'it' if len(quantities) == 1 else 'them'}: {remedy}"
            for remedy, quantities in absent.items()
        ]
    if purpose == "paper":
        lines.append(_with_comment("set_measures: [fad_log_mel]", "of all clips together"))
    return lines


def _codec(name: str, bitrates: Sequence[int]) -> str:
    """One item of ``codecs``. A bitrate is needed by whoever has some to choose; the table of codecs says which."""
    label = f", label: {name}" if name in codecs.DESCRIBED else ""
    rates = f", bitrates_bps: [{', '.join(map(str, bitrates))}]" if bitrates else ""
    return f"{{name: {_quoted(name)}{label}{rates}}}" if rates or label else _quoted(name)


def _quoted(text: str) -> str:
    """``text`` as a YAML string in one line; plain where that is safe."""
    if re.fullmatch(r"[A-Za-z_][\w./-]*", text, re.ASCII) and isinstance(yaml.safe_load(text), str):
        return text
    return yaml.safe_dump(text, allow_unicode=True, default_style='"', width=float("inf")).strip()


def _with_comment(value: str, comment: str) -> str:
    return f"{value:<{COLUMN}}  # {comment}"
