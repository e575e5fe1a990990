"""What the licences of the recordings in a mix ask of whoever publishes the mix. A reader's aid, no legal advice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.datasets.licence_terms import (
    ATTRIBUTION,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    NOT_STATED,
    NOTICE,
    PARTS,
    SHARE_ALIKE,
    Licence,
    read,
)

DUTIES = (
    (ATTRIBUTION, "Name the authors as listed:"),
    (NOTICE, "Keep the text of the licence:"),
    (NON_COMMERCIAL, "Not for commercial use:"),
    (SHARE_ALIKE, "Publish under the same licence, or a later version of it:"),
)
LATER_VERSIONS = frozenset({"2.0", "2.5", "3.0", "4.0"})
"""Of share-alike licences of Creative Commons: their section 4(b) (4.0: 3(b)) allows later versions; 1.0 does not."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Licences that meet in one set: what they ask (``duties``), and what stands in the way of publishing it."""

    licences: tuple[str, ...]
    duties: tuple[str, ...]
    obstacles: tuple[str, ...]


def combined(stated: Iterable[str], published_as: str = "") -> Terms:
    """The terms of a mix of recordings whose licences are ``stated``; an empty one counts as not stated.

    ``published_as`` is the licence of the mix itself, where its maker states one: it must not be looser than these.

    >>> combined(["CC BY 4.0", "CC BY-NC 3.0"]).duties[1]
    'Not for commercial use: CC BY-NC 3.0.'
    """
    told = [read(words) for words in dict.fromkeys(words.strip() for words in stated)]
    licences = sorted({one for each in told for one in each.licences}, key=lambda one: one.name)
    unread = sorted({part for each in told for part in each.unread})
    unread += [one.name for one in licences if PARTS in one.asks]
    names = {one.name for one in licences} | {*unread}
    obstacles = []
    if any(each.unstated for each in told):
        names.add(NOT_STATED)
        obstacles.append(
            "Some recordings state no licence: find it out, or leave them out, before you publish the set."
        )
    if forbidding := _asking(licences, NO_DERIVATIVES):
        obstacles.append(f"A mix is a derivative, which {', '.join(forbidding)} does not allow to be published.")
    alike = [one for one in licences if SHARE_ALIKE in one.asks]
    if alike and not any(all(_may_become(one, other) for one in alike) for other in alike):
        listed = " and ".join(one.name for one in alike)
        obstacles.append(f"One set cannot be under {listed} at once; use recordings of one of them.")
    free = [one.name for one in alike if NON_COMMERCIAL not in one.asks]
    if free and (commercial_free := _asking(licences, NON_COMMERCIAL)):
        obstacles.append(
            f"{', '.join(free)} must be passed on without further conditions, but {', '.join(commercial_free)} "
            "forbids commercial use; use one without the other."
        )
    if unread:
        obstacles.append(f"What these licences ask is not known here, read them: {'; '.join(unread)}.")
    if published_as.strip():
        obstacles += _looser(published_as, licences)
    duties = [f"{what} {', '.join(asking)}." for ask, what in DUTIES if (asking := _asking(licences, ask))]
    return Terms(tuple(sorted(names)), tuple(duties), tuple(obstacles))


def _asking(licences: Sequence[Licence], ask: str) -> list[str]:
    return [one.name for one in licences if ask in one.asks]


def _may_become(one: Licence, other: Licence) -> bool:
    """Whether a changed version of a share-alike work under ``one`` may be published under ``other``."""
    if one == other:
        return True
    later = bool(one.version) and one.version < other.version and one.version in LATER_VERSIONS
    return later and one.family == other.family and one.family.startswith("CC-")


def _looser(published_as: str, licences: Sequence[Licence]) -> list[str]:
    """What recordings ask and the licence of the mix does not pass on."""
    told = read(published_as)
    if told.unread or told.unstated or any(PARTS in one.asks for one in told.licences):
        return [
            f"The licence of the set, {published_as!r}, is not known here: compare it with those of the recordings."
        ]
    problems = []
    for ask, what in ((ATTRIBUTION, "asks to name the authors"), (NON_COMMERCIAL, "forbids commercial use")):
        if (asking := _asking(licences, ask)) and not _asking(told.licences, ask):
            problems.append(
                f"The licence of the set, {published_as}, is looser than {', '.join(asking)}, which {what}."
            )
    alike = [one for one in licences if SHARE_ALIKE in one.asks]
    if wrong := [one.name for one in alike if not any(_may_become(one, mine) for mine in told.licences)]:
        problems.append(
            f"The licence of the set is {published_as}, but {', '.join(wrong)} asks for the same licence, or a later "
            "version of it."
        )
    return problems
