"""What a folder of audio holds, from the headers of its files."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import audio
from bench.datasets.base import AUDIO_FILES, find_paths
from bench.errors import AudioError, ConfigError
from bench.wording import counted, listed

SHOWN = 3  # names of a longer list


@dataclass(frozen=True, slots=True)
class Found:
    """The audio of ``folder``. ``include`` are globs, empty for all audio; rates in Hz and channels by number of files.

    ``unreadable`` are audio files by name that cannot be measured; ``others`` counts the files of other kinds.
    """

    folder: Path
    include: tuple[str, ...]
    rates: Counter[int]
    channels: Counter[int]
    seconds: tuple[float, ...]
    unreadable: tuple[str, ...]
    others: int

    @property
    def files(self) -> int:
        """Files that can be measured."""
        return len(self.seconds)

    def told(self) -> list[str]:
        """What there is, in a few lines without line breaks in them."""
        longest, total = max(self.seconds), sum(self.seconds)
        lines = [
            f"{counted(self.files, 'file')}, {spent(total)} together, {min(self.seconds):.1f} to {longest:.1f} s each "
            f"(median {median(self.seconds):.1f} s)",
            f"rates: {_by_count(self.rates, ' Hz')}; channels: {_by_count(self.channels)}",
        ]
        if self.unreadable:
            lines.append(
                f"{counted(len(self.unreadable), 'file')} cannot be read and will stand in the tables as failed rows: "
                + shortened(self.unreadable)
            )
        if self.others:
            lines.append(f"{counted(self.others, 'file')} of other kinds left alone")
        return lines


def look(place: Path) -> Found:
    """The audio at ``place``: a folder with everything below it, or one file.

    Raises:
        ConfigError: nothing is there, or nothing that can be measured.
        DatasetError: a folder below it cannot be read.
    """
    place = place.expanduser()
    if not place.exists():
        raise ConfigError(f"{place}: expected a folder of audio, but there is none. Correct the path.")
    single = place.is_file()
    folder = (place.parent if single else place).resolve()
    names = [place.name] if single else find_paths(folder, AUDIO_FILES, ())
    others = [] if single else find_paths(folder, ("*",), AUDIO_FILES)
    if not names:
        kinds = Counter(Path(name).suffix.lower() or "no suffix" for name in others)
        there = f"it holds {_by_count(kinds)}" if others else "it is empty"
        raise ConfigError(
            f"{place}: expected WAV, FLAC, Ogg or MP3 files in this folder or below, but {there}. "
            "Name another folder, or convert the files, such as: ffmpeg -i take.m4a take.wav"
        )
    rates: Counter[int] = Counter()
    channels: Counter[int] = Counter()
    seconds: list[float] = []
    unreadable: list[str] = []
    for name in names:
        try:
            info = audio.info(folder / name)
        except (AudioError, OSError):
            unreadable.append(name)
            continue
        if not info.length or not audio.MIN_RATE <= info.rate <= audio.MAX_RATE:
            unreadable.append(name)
            continue
        rates[info.rate] += 1
        channels[info.channels] += 1
        seconds.append(info.length / info.rate)
    if not seconds:
        raise ConfigError(
            f"{place}: expected audio of 8 to 192 kHz, but none of {counted(len(names), 'file')} can be read: "
            f"{shortened(unreadable)}. `codecbench data audit {place}` says what is wrong with each."
        )
    include = (glob.escape(place.name),) if single else ()
    return Found(folder, include, rates, channels, tuple(seconds), tuple(unreadable), len(others))


def shortened(names: Iterable[str]) -> str:
    """The first few of ``names``, each printable in one line, and how many more there are."""
    return listed([name if name.isprintable() else ascii(name)[1:-1] for name in names], SHOWN)


def spent(seconds: float) -> str:
    """A duration as people say it.

    >>> spent(59.6), spent(90), spent(9000)
    ('60 s', '1.5 min', '2.5 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _by_count(numbers: Counter[int] | Counter[str], unit: str = "") -> str:
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], str(item[0])))
    return ", ".join(f"{value}{unit} ({count})" for value, count in ordered)
