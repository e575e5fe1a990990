"""Bitstreams that are kept, for all runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bench.domain import Encoded
from bench.errors import ConfigError
from bench.storage import Place, is_remote, read_bytes
from bench.store import write_bytes
from bench.untrusted import parse_json

COUNTED = ("payload_bits", "delay_samples", "stated", "lag_samples")
"""What an entry of the cache says of its bitstream."""


class Cache:
    """Bitstreams by the content key of their cell. Immutable, safe to delete, shared by all runs.

    An entry is a checksum (of its key, too), one line of JSON and then the stream. An entry that cannot be read counts
    as absent.
    """

    def __init__(self, folder: Place) -> None:
        self.folder = folder

    def path(self, key: str) -> Place:
        return self.folder / "bitstreams" / key[:2] / f"{key}.cbs"

    def get(self, key: str) -> tuple[Encoded, dict[str, Any]] | None:
        """The bitstream of ``key`` and the facts that were stored with it."""
        try:
            head, _, stream = read_bytes(self.path(key)).partition(b"\n")
            checksum, _, facts_text = head.partition(b" ")
            if checksum.decode() != _checksum(key, facts_text, stream):
                return None
            facts = parse_json(facts_text)
            return Encoded(stream, *(facts[name] for name in COUNTED)), facts
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, encoded: Encoded, facts: Mapping[str, Any]) -> None:
        counted = {name: getattr(encoded, name) for name in COUNTED}
        facts_text = json.dumps({**facts, **counted}).encode()
        checksum = _checksum(key, facts_text, encoded.stream).encode()
        write_bytes(self.path(key), checksum + b" " + facts_text + b"\n" + encoded.stream)

    def require_prunable(self) -> None:
        """Raise ConfigError where :meth:`prune` cannot work: no store says when a file was read last."""
        if is_remote(self.folder):
            raise ConfigError(
                f"CODECBENCH_CACHE_GB: the cache at {self.folder} cannot be limited from here. Unset it, and give the "
                "bucket a rule that deletes old files below bitstreams/."
            )

    def prune(self, limit_bytes: int) -> int:
        """Delete the entries that were used longest ago until the rest fits; returns how many.

        Raises:
            ConfigError: the cache is at a URL.
        """
        self.require_prunable()
        entries = []
        for path in self.folder.glob("bitstreams/*/*.cbs"):
            with suppress(FileNotFoundError):  # another run has just deleted it
                entries.append((path.stat(), path))
        excess = sum(stat.st_size for stat, _ in entries) - limit_bytes
        removed = 0
        for stat, path in sorted(entries, key=lambda entry: max(entry[0].st_atime, entry[0].st_mtime)):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= stat.st_size
            removed += 1
        return removed


def _checksum(key: str, facts_text: bytes, stream: bytes) -> str:
    """Of all that an entry says, and of the key that it says it of: one under another's name is found out."""
    return hashlib.sha256(b"\n".join([key.encode(), facts_text, stream])).hexdigest()
