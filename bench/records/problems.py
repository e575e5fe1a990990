"""What is wrong with a record: one sentence for each fault, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from bench.wording import counted, listed

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3
"""How many rows a problem names; it always counts all of them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: in which file and place, what it is, what was expected, what is there, and the remedy."""

    where: str
    what: str
    expected: str
    got: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: expected {self.expected}, got {self.got}. {self.remedy}"

    def to_json(self) -> dict[str, str]:
        """The fields by name."""
        return asdict(self)


def named_rows(rows: pd.DataFrame, keys: Sequence[str], shown: Sequence[str] = ()) -> str:
    """``rows`` in words: how many, and the keys (and the columns ``shown``) of the first of them."""
    columns = [name for name in dict.fromkeys([*keys, *shown]) if name in rows.columns]
    first = [
        ", ".join(f"{name} {value}" for name, value in zip(columns, row, strict=True))
        for row in rows[columns].head(SHOWN).itertuples(index=False)
    ]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{counted(len(rows), 'row')} ({'; '.join(first)}{more})"


def of_rows(
    where: object, what: str, expected: str, rows: pd.DataFrame, keys: Sequence[str], remedy: str,
    shown: Sequence[str] = (),
) -> list[Problem]:  # fmt: skip
    """The problem of ``rows``, named as by :func:`named_rows`; none where there are no rows."""
    return [Problem(str(where), what, expected, named_rows(rows, keys, shown), remedy)] if len(rows) else []


def named(names: Sequence[str]) -> str:
    """Names in words, the first few of them."""
    return listed(names, 2 * SHOWN)
