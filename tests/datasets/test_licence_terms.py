from __future__ import annotations

import pytest

from bench.datasets.known import known_sets
from bench.datasets.licence_terms import (
    ASK_OWNER,
    ATTRIBUTION,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    NOTICE,
    PARTS,
    READ,
    RESEARCH,
    SHARE_ALIKE,
    asks,
    read,
)

BY = "https://creativecommons.org/licenses/by"


@pytest.mark.parametrize(
    ("stated", "identifiers", "asked"),
    [
        ("CC0-1.0, synthetic, made by codecbench", ["CC0-1.0"], []),
        ("CC0", ["CC0-1.0"], []),
        ("http://creativecommons.org/publicdomain/zero/1.0/", ["CC0-1.0"], []),
        ("CC BY 4.0", ["CC-BY-4.0"], [ATTRIBUTION]),
        ("cc-by-4.0", ["CC-BY-4.0"], [ATTRIBUTION]),
        ("http://creativecommons.org/licenses/by-nc/3.0/", ["CC-BY-NC-3.0"], [ATTRIBUTION, NON_COMMERCIAL]),
        ("CC BY-NC-SA 4.0", ["CC-BY-NC-SA-4.0"], [ATTRIBUTION, NON_COMMERCIAL, SHARE_ALIKE]),
        ("CC BY-ND 4.0", ["CC-BY-ND-4.0"], [ATTRIBUTION, NO_DERIVATIVES]),
        ("Creative Commons Attribution-ShareAlike 3.0", ["CC-BY-SA-3.0"], [ATTRIBUTION, SHARE_ALIKE]),
        ("Creative Commons Attribution 4.0 International", ["CC-BY-4.0"], [ATTRIBUTION]),
        ("Apache License, Version 2.0", ["Apache-2.0"], [NOTICE]),
        ("MIT", ["MIT"], [NOTICE]),
        ("ODC-By 1.0", ["ODC-By-1.0"], [ATTRIBUTION]),
        ("public domain", ["LicenseRef-public-domain"], []),
        ("speech: CC BY 4.0; noise: CC0 1.0", ["CC-BY-4.0", "CC0-1.0"], [ATTRIBUTION]),
        ("speech: CC BY 4.0; noise: ; rooms: simulated", ["CC-BY-4.0"], [ATTRIBUTION, f"noise: {ASK_OWNER}"]),
        ("speech: CC0; noise: not stated", ["CC0-1.0"], [f"noise: {ASK_OWNER}"]),
        ("", [], [ASK_OWNER]),
        ("  ", [], [ASK_OWNER]),
        ("unknown", [], [ASK_OWNER]),
        ("not stated; for research only", [], [ASK_OWNER, RESEARCH]),
        ("EBU terms: not for commercial use", [], [NON_COMMERCIAL]),
        ("my own terms", [], [READ]),
        ("not MIT", [], [READ]),
        ("; ", [], [ASK_OWNER]),
        ("synthetic", [], [ASK_OWNER]),
        ("speech: CC0; noise: , ", ["CC0-1.0"], [f"noise: {ASK_OWNER}"]),
        ("speech: CC0; rooms: simulated", ["CC0-1.0"], []),
        ("https://creativecommons.org/licenses/by/4.0/deed.en", ["CC-BY-4.0"], [ATTRIBUTION]),
        ("MIT, but not the music", ["MIT"], [NOTICE, READ]),
        ("Creative Commons", [], [READ]),
        ("their licences not stated, repo MIT", ["MIT"], [ASK_OWNER, NOTICE, READ]),
        ("ODC PDDL", ["PDDL-1.0"], []),
        ("BSD", ["BSD-3-Clause"], [NOTICE]),
        (
            "http://creativecommons.org/licenses/sampling+/1.0/",
            ["LicenseRef-CC-Sampling-Plus-1.0"],
            [ATTRIBUTION, NON_COMMERCIAL, PARTS],
        ),
        ("speech: CC BY 4.0; noise: ", ["CC-BY-4.0"], [ATTRIBUTION, f"noise: {ASK_OWNER}"]),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", ["CC0-1.0", "LicenseRef-public-domain"], []),
    ],
)
def test_what_is_stated_is_understood(stated, identifiers, asked):
    assert [licence.identifier for licence in read(stated).licences] == identifiers
    assert asks(stated) == asked


@pytest.mark.parametrize("kind", ["by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"])
@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_every_creative_commons_licence_has_its_page(kind, version):
    """The addresses are those of the deeds at creativecommons.org, which its lists of licences name."""
    [licence] = read(f"CC {kind.upper()} {version}").licences
    assert licence.url == f"https://creativecommons.org/licenses/{kind}/{version}/"
    assert (SHARE_ALIKE in licence.asks, NON_COMMERCIAL in licence.asks, NO_DERIVATIVES in licence.asks) == (
        "sa" in kind,
        "nc" in kind,
        "nd" in kind,
    )


@pytest.mark.parametrize("text", ["admitted", "ccby", "emit", "standby 4.0", "mcc0", "Accent by name"])
def test_words_that_only_look_like_a_licence(text):
    assert read(text).licences == ()


def test_the_known_sets_link_where_this_table_does():
    """Two independent places agree wherever a known set is under one licence of Creative Commons."""
    for known in known_sets().values():
        found = read(known.licence).licences
        if len(found) == 1 and "creativecommons" in known.licence_url and ";" not in known.licence:
            assert found[0].url == known.licence_url, known.name
