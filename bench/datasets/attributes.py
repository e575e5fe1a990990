"""What the name of a file says about it: attributes of clips from a regular expression with named groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Annotated

from pydantic import AfterValidator

from bench.domain import Clip
from bench.errors import ConfigError, DatasetError

RESERVED = {field.name for field in fields(Clip)} - {"source"} | {"url"}
EXAMPLE = r"such as (?P<speaker>p\d+)_"


def pattern_problem(pattern: str) -> str:
    """Why ``pattern`` cannot give attributes; empty where it can."""
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        return f"expected a regular expression {EXAMPLE} ({error})"
    if not groups:
        return f"expected a regular expression with named groups, {EXAMPLE}"
    taken = sorted(RESERVED & set(groups))
    return f"expected other names for the groups {', '.join(taken)}: every clip has these" if taken else ""


def _names_groups(pattern: str) -> str:
    if problem := pattern and pattern_problem(pattern):
        raise ValueError(problem)
    return pattern


Pattern = Annotated[str, AfterValidator(_names_groups)]
"""The option ``attributes`` of a loader; an empty one gives none."""


def with_attributes(clips: Sequence[Clip], pattern: str) -> list[Clip]:
    """``clips`` with the named groups of ``pattern`` as attributes; a group ``source`` names the recording.

    It is searched in the id without the dataset's name: in a folder, the path below it without its suffix. Clips that
    do not match stay as they are.

    Raises:
        ConfigError: no such regular expression.
        DatasetError: not one clip matches.

    >>> clip = Clip("vctk/p228_023", "vctk", "speech", "p228_023.wav", "", 48_000, 1, 48_000)
    >>> with_attributes([clip], r"^(?P<speaker>p\\d+)_")[0].attributes
    {'speaker': 'p228'}
    """
    if problem := pattern_problem(pattern):
        raise ConfigError(f"attributes: {problem}, got {pattern!r}.")
    found = [_with(clip, pattern) for clip in clips]
    if clips and all(one is clip for one, clip in zip(found, clips, strict=True)):
        raise DatasetError(
            f"attributes: {pattern!r} matches none of the {len(clips)} clips, the first of which is "
            f"{_name(clips[0])!r}; it is searched in the path below the folder, without suffix."
        )
    return found


def _with(clip: Clip, pattern: str) -> Clip:
    match = re.search(pattern, _name(clip))
    if match is None:
        return clip
    groups = {key: value for key, value in match.groupdict().items() if value}
    source = groups.pop("source", clip.source)
    return replace(clip, source=source, attributes={**clip.attributes, **groups})


def _name(clip: Clip) -> str:
    return clip.id.removeprefix(f"{clip.dataset}/")
