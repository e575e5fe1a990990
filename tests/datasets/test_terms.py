from __future__ import annotations

import pytest

from bench.datasets.terms import combined


@pytest.mark.parametrize(
    ("licences", "obstacle"),
    [
        (["CC BY 4.0", ""], "Some recordings state no licence"),
        (["CC BY-ND 4.0"], "does not allow"),
        (["CC BY-SA 1.0", "CC BY-SA 4.0"], "cannot be under CC BY-SA 1.0 and CC BY-SA 4.0 at once"),
        (["CC BY-SA 4.0", "CC BY-SA"], "cannot be under CC BY-SA and CC BY-SA 4.0 at once"),
        (["CC BY-SA 4.0", "ODbL 1.0"], "cannot be under CC BY-SA 4.0 and ODbL 1.0 at once"),
        (["their licences not stated, repo MIT"], "Some recordings state no licence"),
        (["speech: CC BY 4.0; noise: "], "Some recordings state no licence"),
        (["unknown"], "Some recordings state no licence"),
        (["not MIT"], "not known here, read them: not MIT"),
        (["Creative Commons"], "not known here, read them: Creative Commons"),
        (["CC BY 4.0 except the music"], "not known here, read them: CC BY 4.0 except the music"),
        (["CC BY-SA 4.0", "CC BY-NC 3.0"], "without further conditions"),
        (["for friends"], "not known here, read them: for friends"),
        (["CC Sampling+ 1.0"], "not known here"),
    ],
)
def test_what_stands_in_the_way(licences, obstacle):
    terms = combined(licences)
    assert any(obstacle in one for one in terms.obstacles)


@pytest.mark.parametrize(
    ("licences", "duties"),
    [
        (["CC0 1.0", "public domain"], []),
        (["CC BY 4.0", "CC0 1.0"], ["Name the authors"]),
        (["CC BY-NC 3.0", "CC BY 4.0"], ["Name the authors", "Not for commercial use: CC BY-NC 3.0"]),
        (
            ["CC BY-SA 4.0"],
            ["Name the authors", "Publish under the same licence, or a later version of it: CC BY-SA 4.0"],
        ),
        (["CC BY-NC-SA 4.0"], ["Name the authors", "Not for commercial", "Publish under the same"]),
        (
            ["CC BY-SA 3.0", "CC-BY-SA-3.0"],
            ["Name the authors", "Publish under the same licence, or a later version of it: CC BY-SA 3.0."],
        ),
        (["CC BY-SA 3.0", "CC BY-SA 4.0"], ["Name the authors", "Publish under the same"]),
        (["ODC PDDL"], []),
        (["MIT", "Apache 2.0", "BSD"], ["Keep the text of the licence: Apache 2.0, BSD 3-Clause, MIT."]),
        (["Creative Commons Attribution-NonCommercial 4.0"], ["Name the authors", "Not for commercial"]),
    ],
)
def test_what_is_asked(licences, duties):
    terms = combined(licences)
    assert not terms.obstacles
    assert len(terms.duties) == len(duties)
    assert all(one.startswith(start) for one, start in zip(terms.duties, duties, strict=True))


@pytest.mark.parametrize(
    ("published_as", "licences", "obstacle"),
    [
        ("CC0 1.0", ["CC BY 4.0"], "looser than CC BY 4.0, which asks to name the authors"),
        ("CC BY 4.0", ["CC BY-NC 3.0"], "looser than CC BY-NC 3.0, which forbids commercial use"),
        ("CC0 1.0", ["CC BY-NC-SA 4.0"], "but CC BY-NC-SA 4.0 asks for the same licence"),
        ("CC BY-SA 3.0", ["CC BY-SA 4.0"], "but CC BY-SA 4.0 asks for the same licence"),
        ("mine", ["CC0"], "'mine', is not known here"),
        ("CC BY 4.0", ["CC BY 3.0", "CC0", "MIT", "public domain"], ""),
        ("CC BY-NC 4.0", ["CC BY 4.0", "CC BY-NC 3.0"], ""),
        ("CC BY-SA 4.0", ["CC BY-SA 3.0", "CC BY 4.0"], ""),
        ("", ["CC BY 4.0"], ""),
    ],
)
def test_a_set_is_not_published_under_less_than_its_recordings_ask(published_as, licences, obstacle):
    found = combined(licences, published_as).obstacles
    assert bool(found) == bool(obstacle)
    assert not obstacle or any(obstacle in one for one in found)
