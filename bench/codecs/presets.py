"""Ready settings of the ``command`` codec: programs, where they come from, and what they need to be told."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from bench.codecs import programs
from bench.codecs.command import Command
from bench.errors import CodecError, MissingRequirement


@dataclass(frozen=True, slots=True)
class Preset:
    """A codec of programs.

    Attributes:
        encode, decode: argument templates, as of :class:`bench.codecs.command.Command`.
        get: the one line that gets the programs.
        options: the other options of ``command``.
        trial: a command line whose output must hold ``trial_word``: a program that is there can lack what is needed.
    """

    name: str
    encode: tuple[str, ...]
    decode: tuple[str, ...]
    get: str
    options: Mapping[str, Any] = field(default_factory=dict)
    trial: tuple[str, ...] = ()
    trial_word: str = ""


class PresetCodec(Command):
    """A codec with a preset.

    Args:
        folder: where its programs lie; empty takes ``CODECBENCH_<NAME>``, then the PATH.
        version: part of the identity; empty takes a hash of the programs. Change it when a library that they load does.
    """

    preset: ClassVar[Preset]

    def __init__(self, folder: str = "", version: str = "") -> None:
        self._set_up(folder, version)

    def _set_up(self, folder: str, version: str, **changes: Any) -> None:
        """``changes`` are options of ``command`` that differ from the preset's."""
        preset = self.preset
        folder = folder or os.environ.get(f"CODECBENCH_{preset.name.upper()}", "")
        paths = self._paths = _require(preset, folder)
        options = {"encode": preset.encode, "decode": preset.decode, **preset.options, **changes}
        version = version or f"programs {programs.fingerprint(paths)}"
        super().__init__(**options, folder=folder, version=version, name=preset.name)

    def _filled(self, blank: str, value: object) -> list[str]:
        """The preset's arguments for encoding with ``value`` instead of ``{blank}``."""
        return [part.replace(f"{{{blank}}}", str(value)) for part in self.preset.encode]

    def files(self) -> tuple[Path, ...]:
        return tuple(map(Path, self._paths))


def _require(preset: Preset, folder: str) -> list[str]:
    """The paths of the preset's programs, or MissingRequirement with the line that gets them."""
    names = dict.fromkeys((preset.encode[0], preset.decode[0]))
    found = {name: programs.find(name, folder) for name in names}
    if absent := [name for name, path in found.items() if path is None]:
        places = f"in {folder} or on the PATH" if folder else "on the PATH"
        raise MissingRequirement(
            f"codec {preset.name} needs {' and '.join(names)}; {' and '.join(absent)} cannot be found {places}. "
            f"To get it: {preset.get}"
        )
    if preset.trial and not _trial(preset, folder):
        raise MissingRequirement(
            f"codec {preset.name} needs a {preset.trial[0]} that has {preset.trial_word}, and "
            f"{programs.find(preset.trial[0], folder)} has not (`{shlex.join(preset.trial)}`). To get it: {preset.get}"
        )
    return [path for path in found.values() if path]


def _trial(preset: Preset, folder: str) -> bool:
    path = programs.find(preset.trial[0], folder)
    return path is not None and preset.trial_word in _output(preset.name, path, preset.trial[1:])


@lru_cache(maxsize=16)
def _output(name: str, path: str, arguments: tuple[str, ...]) -> str:
    try:
        return programs.run(name, path, arguments, timeout_s=20).decode("utf-8", "replace")
    except CodecError:
        return ""
