"""What the licences of the recordings in a mix ask of whoever publishes the mix. A reader's aid, no legal advice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

NOT_STATED = "not stated"

KNOWN = re.compile(
    r"\bCC\b|creative ?commons|\bCC0|public domain|\bPDDL\b|\bODC\b|\bODbL\b|\bMIT\b|\bApache\b|\bBSD\b", re.IGNORECASE
)
UNUSUAL = re.compile(r"sampling", re.IGNORECASE)  # CC Sampling+ treats whole works and parts of them differently
NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
NO_DERIVATIVES = re.compile(r"\bND\b|no-?deriv", re.IGNORECASE)
SHARE_ALIKE = re.compile(r"\bSA\b|share-?alike|\bODbL\b", re.IGNORECASE)
ATTRIBUTION = re.compile(r"\bBY\b|attribution|\bODC\b|\bODbL\b|\bMIT\b|\bApache\b|\bBSD\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Terms:
    """Licences that meet in one set: what they ask (``duties``), and what stands in the way of publishing it."""

    licences: tuple[str, ...]
    duties: tuple[str, ...]
    obstacles: tuple[str, ...]

    @property
    def publishable(self) -> bool:
        """Whether nothing stands in the way, as far as the licences are stated and known."""
        return not self.obstacles


def combined(licences: Iterable[str]) -> Terms:
    """The terms of a mix of recordings under ``licences``; an empty one counts as not stated.

    >>> combined(["CC BY 4.0", "CC BY-NC 3.0"]).duties[1]
    'Not for commercial use: CC BY-NC 3.0.'
    """
    names = tuple(sorted({licence.strip() or NOT_STATED for licence in licences}))

    def those(pattern: re.Pattern[str]) -> list[str]:
        return [name for name in names if pattern.search(name)]

    commercial_free, alike = those(NON_COMMERCIAL), those(SHARE_ALIKE)
    duties = [
        (those(ATTRIBUTION), "Name the authors as listed:"),
        (commercial_free, "Not for commercial use:"),
        (alike, "Publish under the same licence:"),
    ]
    obstacles = []
    if NOT_STATED in names:
        obstacles.append(
            "Some recordings state no licence: find it out, or leave them out, before you publish the set."
        )
    if forbidding := those(NO_DERIVATIVES):
        obstacles.append(f"A mix is a derivative, which {', '.join(forbidding)} does not allow to be published.")
    if len(alike) > 1:
        obstacles.append(f"One set cannot be under {' and '.join(alike)} at once; use recordings of one of them.")
    if (free := [name for name in alike if name not in commercial_free]) and commercial_free:
        obstacles.append(
            f"{', '.join(free)} must be passed on without further conditions, but {', '.join(commercial_free)} "
            "forbids commercial use; use one without the other."
        )
    unread = [name for name in names if name != NOT_STATED and (not KNOWN.search(name) or UNUSUAL.search(name))]
    if unread:
        obstacles.append(f"What these licences ask is not known here, read them: {'; '.join(unread)}.")
    return Terms(names, tuple(f"{what} {', '.join(asking)}." for asking, what in duties if asking), tuple(obstacles))
