from __future__ import annotations

import pytest

from bench.datasets.terms import combined


@pytest.mark.parametrize(
    ("licences", "obstacle"),
    [
        (["CC BY 4.0", ""], "Some recordings state no licence"),
        (["CC BY-ND 4.0"], "does not allow"),
        (["CC BY-SA 3.0", "CC BY-SA 4.0"], "cannot be under CC BY-SA 3.0 and CC BY-SA 4.0 at once"),
        (["CC BY-SA 4.0", "CC BY-NC 3.0"], "without further conditions"),
        (["for friends"], "not known here, read them: for friends"),
        (["CC Sampling+ 1.0"], "not known here"),
    ],
)
def test_what_stands_in_the_way(licences, obstacle):
    terms = combined(licences)
    assert not terms.publishable
    assert any(obstacle in one for one in terms.obstacles)


@pytest.mark.parametrize(
    ("licences", "duties"),
    [
        (["CC0 1.0", "public domain"], []),
        (["CC BY 4.0", "CC0 1.0"], ["Name the authors"]),
        (["CC BY-NC 3.0", "CC BY 4.0"], ["Name the authors", "Not for commercial use: CC BY-NC 3.0"]),
        (["CC BY-SA 4.0"], ["Name the authors", "Publish under the same licence: CC BY-SA 4.0"]),
        (["CC BY-NC-SA 4.0"], ["Name the authors", "Not for commercial", "Publish under the same"]),
        (["Creative Commons Attribution-NonCommercial 4.0"], ["Name the authors", "Not for commercial"]),
    ],
)
def test_what_is_asked(licences, duties):
    terms = combined(licences)
    assert terms.publishable
    assert len(terms.duties) == len(duties)
    assert all(one.startswith(start) for one, start in zip(terms.duties, duties, strict=True))
