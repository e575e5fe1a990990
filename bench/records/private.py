"""What must not be published: places on somebody's machine, and addresses of people."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_PATH = re.compile(
    r"""(?:(?<!\w)file://|(?<![\w/.:~})\]>-]))   # no URL, no relative path, no slash inside a word
        (?:~[\w.-]*[\\/]+|[A-Za-z]:[\\/]+|[\\/]{1,2})
        (?:[\w.@+~-]+[\\/]+)+          # at least one folder
        ([\w.@+~{}=,-]*)               # the last name, which stays
    """,
    re.VERBOSE,
)
_FLATTENED = re.compile(r"=_(?:home|Users|root|mnt|media|tmp|var|opt|data|srv)_[\w.=,+@-]*")
_ADDRESS = re.compile(r"[\w.+-]+@[A-Za-z][\w-]*\.[A-Za-z][\w.-]+")


def private_texts(text: str) -> list[str]:
    """Every absolute path and address of mail in ``text``; a path that became part of a condition's name, too."""
    return [found.group(0) for pattern in (_PATH, _FLATTENED, _ADDRESS) for found in pattern.finditer(text)]


def stripped(text: str) -> str:
    """``text`` with only the last name of every absolute path.

    >>> stripped("cannot read /home/jo/speech/a.wav: see https://example.org/a/b, CC BY-NC/ND")
    'cannot read a.wav: see https://example.org/a/b, CC BY-NC/ND'
    """
    return _PATH.sub(lambda found: found.group(1), text)


def stripped_value(value: Any) -> Any:
    """The same for every text in a value of JSON."""
    if isinstance(value, dict):
        return {key: stripped_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stripped_value(item) for item in value]
    return stripped(value) if isinstance(value, str) else value


def stripped_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same for every text in a table."""
    changed = {}
    for name in table.columns:
        if not pd.api.types.is_string_dtype(table[name].dtype):
            continue
        texts = table[name].dropna().unique()
        other = {text: short for text in texts if (short := stripped(str(text))) != text}
        if other:
            changed[name] = table[name].replace(other)
    return table.assign(**changed)
