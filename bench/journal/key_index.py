"""A place for each of very many keys, in little memory: 16 bytes a key, where a dict of texts takes some 200."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

RECENT = 8192
"""Keys at least that wait in a dict until they are merged into the sorted arrays."""


class KeyIndex:
    """``key -> place``, an integer of at most 63 bits.

    Keys are known by 64 bits of their hash, which differ from process to process. Two keys of a million that share
    theirs are one chance in forty million; whoever reads what lies at a place must look whether it is of the key.
    """

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._hashes = np.empty(0, np.int64).data
        self._places = np.empty(0, np.int64).data

    def __len__(self) -> int:
        return len(self._hashes) + len(self._recent)

    def get(self, key: str) -> int | None:
        """The place of ``key``, or None."""
        code = hash(key)
        at = self._at(code)
        return self._recent.get(code) if at is None else self._places[at]

    def put(self, key: str, place: int) -> None:
        """Set the place of ``key``."""
        code = hash(key)
        at = self._at(code)
        if at is not None:
            self._places[at] = place
            return
        self._recent[code] = place
        if len(self._recent) >= max(RECENT, len(self._hashes) // 16):
            self._merge()

    def _at(self, code: int) -> int | None:
        at = bisect_left(self._hashes, code)
        return at if at < len(self._hashes) and self._hashes[at] == code else None

    def _merge(self) -> None:
        count = len(self._recent)
        hashes = np.concatenate([self._hashes, np.fromiter(self._recent.keys(), np.int64, count)])
        places = np.concatenate([self._places, np.fromiter(self._recent.values(), np.int64, count)])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._places = hashes[order].data, places[order].data
        self._recent = {}
