"""What a licence is called, where it stands and what it asks, from the words in which recordings state it.

A reader's aid, no legal advice. Words that are not understood, or that deny a licence, are kept as what nobody read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

ValueT = TypeVar("ValueT")

NOT_STATED = "not stated"
"""How a licence that nothing tells is shown, everywhere."""

ATTRIBUTION = "name the authors and the licence, and say what was changed"
SHARE_ALIKE = "changed versions only under the same licence"
NON_COMMERCIAL = "no commercial use"
NO_DERIVATIVES = "no changed versions, so no decoded audio, may be published"
NOTICE = "keep the text of the licence"
RESEARCH = "research and teaching only"
NOT_PASSED_ON = "not to be passed on"
READ = "read its terms: they are none that is known here"
PARTS = "read its terms: they are others for whole works than for parts of them"
ASK_OWNER = "nothing is stated: ask the owner, publish no audio"


@dataclass(frozen=True, slots=True)
class Licence:
    """``identifier`` is that of SPDX; ``asks`` is empty where everything is allowed."""

    name: str
    identifier: str
    url: str
    asks: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The identifier without its version."""
        return VERSION.sub("", self.identifier)

    @property
    def version(self) -> str:
        """Such as ``4.0``; empty where none is stated."""
        found = VERSION.search(self.identifier)
        return found[1] if found else ""


VERSION = re.compile(r"-(\d\.\d)$")


@dataclass(frozen=True, slots=True)
class Stated:
    """What words state: the licences they name, what of the words is not understood, and roles without a licence.

    A role is ``speech``, ``noise`` or ``rooms`` in the licence of a mix, else empty.
    """

    licences: tuple[Licence, ...]
    unread: tuple[str, ...]
    unstated: tuple[str, ...]


CREATIVE_COMMONS = "https://creativecommons.org"
OPEN_DATA = "https://opendatacommons.org/licenses"
CC0 = Licence("CC0 1.0", "CC0-1.0", f"{CREATIVE_COMMONS}/publicdomain/zero/1.0/")
NAMED = (
    (r"\bcc[- ]?(?:0|zero)\b(?:[- ]v?1\.0)?|publicdomain/zero(?:/1\.0)?|creative commons zero(?: v?1\.0)?", CC0),
    (r"\bodc[- ]by\b(?:[- ]1\.0)?",
     Licence("ODC-By 1.0", "ODC-By-1.0", f"{OPEN_DATA}/by/1-0/", (ATTRIBUTION,))),
    (r"\b(?:odc[- ])?odbl\b(?:[- ]1\.0)?",
     Licence("ODbL 1.0", "ODbL-1.0", f"{OPEN_DATA}/odbl/1-0/", (ATTRIBUTION, SHARE_ALIKE))),
    (r"\b(?:odc[- ])?pddl\b(?:[- ]1\.0)?", Licence("PDDL 1.0", "PDDL-1.0", f"{OPEN_DATA}/pddl/1-0/")),
    (r"\bapache(?:[- ]licen[sc]e)?(?:,? version)?[- ]2(?:\.0)?\b",
     Licence("Apache 2.0", "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", (NOTICE,))),
    (r"\bmit\b", Licence("MIT", "MIT", "https://opensource.org/license/mit", (NOTICE,))),
    (r"\bbsd[- ]2[- ]clause\b",
     Licence("BSD 2-Clause", "BSD-2-Clause", "https://opensource.org/license/bsd-2-clause", (NOTICE,))),
    (r"\bbsd(?:[- ]3[- ]clause)?\b(?![- ]\d)",
     Licence("BSD 3-Clause", "BSD-3-Clause", "https://opensource.org/license/bsd-3-clause", (NOTICE,))),
    (r"(?:\bcc |licenses/)?\bsampling(?: ?\+| plus)(?:[ /]1\.0)?",
     Licence("CC Sampling+ 1.0", "LicenseRef-CC-Sampling-Plus-1.0", f"{CREATIVE_COMMONS}/licenses/sampling+/1.0/",
             (ATTRIBUTION, NON_COMMERCIAL, PARTS))),
    (r"\bpublic domain\b|publicdomain/mark(?:/1\.0)?",
     Licence("public domain", "LicenseRef-public-domain", f"{CREATIVE_COMMONS}/publicdomain/mark/1.0/")),
)  # fmt: skip
"""How licences are written, and what they are. ``BSD`` alone is taken as that of three clauses."""

CC = re.compile(
    r"(?:\bcc[- ]|licenses/|\bcreative commons )(?P<kind>by(?:[- ]nc)?(?:[- ](?:sa|nd))?)\b"
    r"(?:[-/ ]v?(?P<version>\d\.\d))?",
    re.IGNORECASE,
)
LONG_NAMES = (
    (r"attribution", "by"), (r"non[- ]?commercial", "nc"), (r"share[- ]?alike", "sa"), (r"no[- ]?deriv\w+", "nd"),
)  # fmt: skip

TERMS = (
    (r"non-?commercial|not for commercial|no commercial", NON_COMMERCIAL),
    (r"research (?:purposes )?only|educational (?:purposes )?only|academic use", RESEARCH),
    (r"not to be passed on|no redistribution|not be redistributed", NOT_PASSED_ON),
)
"""Words in licences without a name, and what they ask."""

ROLES = ("speech", "noise", "rooms")
ROLE = re.compile(f"({'|'.join(ROLES)}):", re.IGNORECASE)
NOTHING = re.compile(r"\bunknown\b|\bnot (?:stated|known)\b|\bunstated\b", re.IGNORECASE)
DENIED = re.compile(r"\b(?:not|no|non|never|except|unless|without|but|or|other than)\b", re.IGNORECASE)
HARMLESS = re.compile(r"synthetic|simulated|made (?:by|with) codecbench", re.IGNORECASE)
FILLERS = frozenset({
    "the", "a", "and", "under", "licence", "license", "licences", "licenses", "public", "dedication", "international",
    "universal", "unported", "generic", "deed", "en", "legalcode", "http", "https", "www", "creativecommons", "org",
})  # fmt: skip
"""Words around the name of a licence that change nothing."""


def read(stated: str) -> Stated:
    """What ``stated`` says, part by part: parts end at semicolons and commas.

    >>> told = read("speech: CC BY 4.0; noise: ; rooms: not MIT")
    >>> [one.name for one in told.licences], told.unread, told.unstated
    (['CC BY 4.0'], ('not MIT',), ('noise',))
    >>> [one.identifier for one in read("AudioSet CC BY 4.0, Freesound CC0 1.0, DEMAND CC-BY-SA-3.0").licences]
    ['CC-BY-4.0', 'CC0-1.0', 'CC-BY-SA-3.0']
    >>> read("Creative Commons Attribution-NonCommercial 3.0").licences[0].name
    'CC BY-NC 3.0'
    """
    licences: list[Licence] = []
    unread: list[str] = []
    unstated: list[str] = []
    simulated = False
    for part in stated.split(";"):
        of_role = ROLE.match(part.strip())
        role, words = (of_role[1].lower(), part.strip()[of_role.end() :]) if of_role else ("", part)
        if of_role and words.strip().lower() == "simulated":
            simulated = True
            continue
        if of_role and not words.strip(" ,"):
            unstated.append(role)
        text, found = _marked(words)
        for chunk in text.split(","):
            named = [found[int(number)][0] for number in MARK.findall(chunk)]
            rest = MARK.sub(" ", chunk)
            whole = " ".join("".join(_named(chunk, found)).split())
            if NOTHING.search(rest):
                unstated.append(role)
            elif not named and (not rest.strip() or HARMLESS.fullmatch(rest.strip())):
                continue
            elif not named or DENIED.search(rest):
                unread.append(whole)
            else:
                licences += named
                unread += [whole] if {*re.findall(r"\w+", rest.lower())} - FILLERS else []
    if not (licences or unread or unstated or simulated):
        unstated.append("")
    return Stated(_once(licences), _once(unread), _once(unstated))


def _once(values: Iterable[ValueT]) -> tuple[ValueT, ...]:
    return tuple(dict.fromkeys(values))


def is_stated(stated: str) -> bool:
    """Whether ``stated`` says anything at all of a licence.

    >>> is_stated("Not stated"), is_stated("my own terms")
    (False, True)
    """
    told = read(stated)
    return bool(told.licences or told.unread)


def asks(stated: str) -> list[str]:
    """What ``stated`` asks, all of it together; what is not stated or not understood is said too.

    >>> asks("speech: CC0; noise: not stated")
    ['noise: nothing is stated: ask the owner, publish no audio']
    """
    told = read(stated)
    found = [ASK_OWNER] if "" in told.unstated else []
    found += [ask for licence in told.licences for ask in licence.asks]
    terms = [ask for pattern, ask in TERMS if re.search(pattern, "; ".join(told.unread), re.IGNORECASE)]
    found += terms or ([READ] if told.unread else [])
    found += [f"{role}: {ASK_OWNER}" for role in told.unstated if role]
    return list(dict.fromkeys(found))


MARK = re.compile("\0(\\d+)\0")


def _marked(words: str) -> tuple[str, list[tuple[Licence, str]]]:
    """``words`` with a mark, the number of a licence, in the place of each name; the licences and their names."""
    found: list[tuple[Licence, str]] = []

    def mark(licence: Licence, name: str) -> str:
        found.append((licence, name))
        return f"\0{len(found) - 1}\0"

    def creative_commons(match: re.Match[str]) -> str:
        return mark(_creative_commons(match["kind"], match["version"] or ""), match[0])

    text = CC.sub(creative_commons, _short(words.replace("\0", " ")))
    for pattern, licence in NAMED:
        text = re.sub(pattern, lambda match, one=licence: mark(one, match[0]), text, flags=re.IGNORECASE)  # type: ignore[misc]
    return text, found


def _named(chunk: str, found: list[tuple[Licence, str]]) -> Iterator[str]:
    for index, text in enumerate(MARK.split(chunk)):  # of every two, the second is the number in a mark
        yield found[int(text)][1] if index % 2 else text


def _short(words: str) -> str:
    """``Creative Commons Attribution-NonCommercial 3.0`` as ``creative commons by-nc 3.0``."""
    if not re.search(r"creative commons", words, re.IGNORECASE):
        return words
    for pattern, short in LONG_NAMES:
        words = re.sub(rf"\b{pattern}\b", short, words, flags=re.IGNORECASE)
    return words


def _creative_commons(kind: str, version: str) -> Licence:
    kind = kind.lower().replace(" ", "-")
    wanted = {"nc": NON_COMMERCIAL, "sa": SHARE_ALIKE, "nd": NO_DERIVATIVES}
    demands = (ATTRIBUTION, *(wanted[part] for part in kind.split("-")[1:]))
    name = f"CC {kind.upper()} {version}".strip()
    url = f"{CREATIVE_COMMONS}/licenses/{kind}/{version}/" if version else f"{CREATIVE_COMMONS}/licenses/"
    return Licence(name, name.replace(" ", "-"), url, demands)
