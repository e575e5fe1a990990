"""Which licences were accepted on this machine: once for each set and each wording."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from bench.datasets.base import json_object
from bench.datasets.known.base import KnownSet
from bench.datasets.partial import replacing
from bench.errors import ConfigError


def text_of(known: KnownSet) -> str:
    """What is accepted."""
    return f"{known.title}\nlicence: {known.licence}\n{known.licence_url}\nattribution: {known.attribution}"


def accepted(known: KnownSet, cache_dir: Path) -> bool:
    """Whether the licence of ``known``, as it reads today, was accepted."""
    return json_object(_path(known, cache_dir)).get("sha256") == _hash(known)


def require(known: KnownSet, cache_dir: Path, accept_it: bool) -> None:
    """Raise ConfigError unless the licence was accepted, or is now, which is kept."""
    if accepted(known, cache_dir):
        return
    if not accept_it:
        raise ConfigError(
            f"{text_of(known)}\nThe licence has not been accepted here. Read it; to accept it, add --accept-licence."
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    value = {"set": known.name, "text": text_of(known), "sha256": _hash(known), "accepted": now}
    with replacing(_path(known, cache_dir)) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _path(known: KnownSet, cache_dir: Path) -> Path:
    return cache_dir / "licences" / f"{known.name}.json"


def _hash(known: KnownSet) -> str:
    return hashlib.sha256(text_of(known).encode()).hexdigest()
