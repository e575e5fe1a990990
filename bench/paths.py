"""Where things lie: the audio of a run, under names that every file system can hold, and what is shipped."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

from bench.domain import Clip, Condition

_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)
"""Names that are devices on Windows, whatever their suffix."""


def file_name(clip_id: str) -> str:
    """``clip_id`` as a file name without suffix: readable, at most 120 bytes, different for different ids."""
    flat = clip_id.replace("/", "__")
    safe = re.sub(r"[^\w.=,+@-]+", "_", flat).strip(".") or "clip"
    reserved = _RESERVED.fullmatch(safe.partition(".")[0])
    unchanged = (
        not reserved and safe == flat and "__" not in clip_id and safe == safe.lower()
    )  # some file systems ignore case
    if unchanged and len(safe.encode()) <= 120:
        return safe
    tag = hashlib.sha256(clip_id.encode()).hexdigest()[:8]
    shortened = safe.encode()[:110].decode("utf-8", "ignore")
    return f"{shortened.partition('.')[0]}-{tag}" if reserved else f"{shortened}-{tag}"


def reference_path(clip: Clip, key: str) -> PurePosixPath:
    """The clip as it was judged; ``key`` is of its content, so that another version never stands under one name."""
    return PurePosixPath("references", f"{file_name(clip.id)}.{key[:8]}.flac")


def statistics_path(clip: Clip, measure: str, part: str, key: str) -> PurePosixPath:
    """What is kept of a clip for a set measure; ``part`` is a condition, or ``references``."""
    return PurePosixPath("statistics", file_name(measure), file_name(part), f"{file_name(clip.id)}.{key[:8]}.npz")


def decoded_path(clip: Clip, condition: Condition, key: str) -> PurePosixPath:
    """The decoded clip; ``key`` is of its bitstream."""
    return PurePosixPath("decoded", file_name(condition.id), f"{file_name(clip.id)}.{key[:8]}.flac")


def shipped_folder() -> Path:
    """Where the configurations lie that come with codecbench: in the package, or beside it in a checkout."""
    here = Path(__file__).parent
    return here / "configs" if (here / "configs").is_dir() else here.parent / "configs"


def shipped_configurations() -> list[Path]:
    """The YAML files there: runs, recipes of datasets, listening tests."""
    return sorted(shipped_folder().glob("*.yaml"))
