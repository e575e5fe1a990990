"""What a licence is called, where it stands and what it asks, from the words in which a dataset states it."""

from __future__ import annotations

import re
from dataclasses import dataclass

ATTRIBUTION = "name the authors and the licence, and say what was changed"
SHARE_ALIKE = "changed versions only under the same licence"
NON_COMMERCIAL = "no commercial use"
NO_DERIVATIVES = "no changed versions, so no decoded audio, may be published"
NOTICE = "keep the text of the licence"
RESEARCH = "research and teaching only"
NOT_PASSED_ON = "not to be passed on"
UNKNOWN = "nothing is stated: ask the owner, publish no audio"

UNSTATED = "unknown"
"""How clips without a stated licence are shown."""


@dataclass(frozen=True, slots=True)
class Licence:
    """``identifier`` is that of SPDX; ``asks`` is empty where everything is allowed."""

    name: str
    identifier: str
    url: str
    asks: tuple[str, ...] = ()


CREATIVE_COMMONS = "https://creativecommons.org"
NAMED = (
    Licence("ODC-By 1.0", "ODC-By-1.0", "https://opendatacommons.org/licenses/by/1-0/", (ATTRIBUTION,)),
    Licence("ODbL 1.0", "ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/", (ATTRIBUTION, SHARE_ALIKE)),
    Licence("Apache 2.0", "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", (NOTICE,)),
    Licence("MIT", "MIT", "https://opensource.org/license/mit", (NOTICE,)),
    Licence("CC Sampling+ 1.0", "LicenseRef-CC-Sampling-Plus-1.0", f"{CREATIVE_COMMONS}/licenses/sampling+/1.0/",
            (ATTRIBUTION, NON_COMMERCIAL)),
    Licence("public domain", "LicenseRef-public-domain", f"{CREATIVE_COMMONS}/publicdomain/mark/1.0/"),
)  # fmt: skip
WORDS = (
    r"odc[- ]by", r"\bodbl\b", r"apache(?:[- ]licen[sc]e)?(?:,? version)?[- ]2\.0", r"\bmit\b",
    r"sampling ?\+|sampling plus", r"public domain|publicdomain/mark",
)  # fmt: skip
"""How the licences of ``NAMED`` are written, in their order."""

CC0 = re.compile(r"\bcc[- ]?0(?:[- ]1\.0)?|publicdomain/zero(?:/1\.0)?", re.IGNORECASE)
CC = re.compile(
    r"(?:\bcc[- ]|licenses/|creative commons )(?P<kind>by(?:[- ]nc)?(?:[- ](?:sa|nd))?)\b(?:[-/ ](?P<version>\d\.\d))?",
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


def licences_in(stated: str) -> list[Licence]:
    """The licences that ``stated`` names, in its order; empty where it names none that is known.

    >>> [one.identifier for one in licences_in("AudioSet CC BY 4.0, Freesound CC0 1.0, DEMAND CC-BY-SA-3.0")]
    ['CC-BY-4.0', 'CC0-1.0', 'CC-BY-SA-3.0']
    >>> licences_in("Creative Commons Attribution-NonCommercial 3.0")[0].name
    'CC BY-NC 3.0'
    """
    text = _with_short_names(stated)
    found: dict[int, Licence] = {}
    for match in CC0.finditer(text):
        found[match.start()] = Licence("CC0 1.0", "CC0-1.0", f"{CREATIVE_COMMONS}/publicdomain/zero/1.0/")
    for match in CC.finditer(text):
        found[match.start()] = _creative_commons(match["kind"], match["version"] or "")
    for pattern, licence in zip(WORDS, NAMED, strict=True):
        for match in re.finditer(pattern, text, re.IGNORECASE):
            found[match.start()] = licence
    return list(dict.fromkeys(found[place] for place in sorted(found)))


def asks(stated: str) -> list[str]:
    """What the licences in ``stated`` ask, all of them together; what is not stated is said too."""
    if not stated.strip() or re.match(r"unknown\b|not stated", stated.strip(), re.IGNORECASE):
        found = [UNKNOWN]
    else:
        found = [ask for licence in licences_in(stated) for ask in licence.asks]
    found += [ask for pattern, ask in TERMS if re.search(pattern, stated, re.IGNORECASE)]
    found += [f"{part}: {UNKNOWN}" for part in re.findall(r"(?:^|; )(\w+): *(?:not stated)? *(?=;|$)", stated)]
    if not found and not licences_in(stated):
        found = ["read its terms: they are none that is known here"]
    return list(dict.fromkeys(found))


def _with_short_names(stated: str) -> str:
    """``Creative Commons Attribution-NonCommercial 3.0`` as ``creative commons by-nc 3.0``."""
    if not re.search(r"creative commons", stated, re.IGNORECASE):
        return stated
    for pattern, short in LONG_NAMES:
        stated = re.sub(rf"\b{pattern}\b", short, stated, flags=re.IGNORECASE)
    return stated


def _creative_commons(kind: str, version: str) -> Licence:
    kind = kind.lower().replace(" ", "-")
    wanted = {"nc": NON_COMMERCIAL, "sa": SHARE_ALIKE, "nd": NO_DERIVATIVES}
    demands = (ATTRIBUTION, *(wanted[part] for part in kind.split("-")[1:]))
    name = f"CC {kind.upper()} {version}".strip()
    url = f"{CREATIVE_COMMONS}/licenses/{kind}/{version}/" if version else f"{CREATIVE_COMMONS}/licenses/"
    return Licence(name, name.replace(" ", "-"), url, demands)
