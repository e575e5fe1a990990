from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import config as runs
from bench.errors import ConfigError
from listening_test.building import config
from listening_test.building.presets import PRESETS


def problems(**keys: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.parse({"name": "x", **keys})
    return caught.value.problems


def test_the_shortest_test_has_everything_of_its_preset() -> None:
    parsed = config.parse({"name": "x"})
    assert parsed.defaults is PRESETS["bs1534"]
    assert [(anchor.name, anchor.cutoff_hz, anchor.role) for anchor in parsed.all_anchors] == [
        ("low_anchor", 3500, "low_anchor"),
        ("mid_anchor", 7000, "mid_anchor"),
    ]
    assert parsed.with_hidden_reference
    assert parsed.seconds == 10


def test_presets_are_those_of_their_sources() -> None:
    paper = PRESETS["encodec_paper"]  # arXiv 2210.13438, section 4.3
    assert (paper.clips_per_category, paper.excerpt_s, paper.minimum_ratings) == (50, 5.0, 10)
    assert (paper.anchors, paper.hidden_reference, paper.screening) == (("low",), True, "encodec_paper")
    assert PRESETS["mpeg"].anchors == PRESETS["bs1534"].anchors == ("low", "mid")
    assert config.parse({"name": "x", "preset": "encodec_paper", "excerpt_s": 7}).seconds == 7


def test_all_problems_come_at_once_with_their_keys() -> None:
    found = problems(typ="mushra", clips={"coun": 3}, anchors=["lo"], excerpt_at="midle", blocks={"systems": 3})
    assert len(found) == 5
    for key, hint in (
        ("typ", "Did you mean 'type'?"),
        ("clips[0].coun", "Did you mean 'count'?"),
        ("anchors[0]", "expected low, mid, or a mapping"),
        ("excerpt_at", "expected start, middle, loudest, random, or a time in seconds"),
        ("blocks.systems", "Known: systems_per_trial, trials_per_listener"),
    ):
        assert any(problem.startswith(f"test, {key}: ") and hint in problem for problem in found), (key, found)


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"type": "acr", "preset": "mpeg"}, "preset mpeg is of type mushra"),
        ({"against": "opus@12000"}, "against belongs to the types abx and ab"),
        ({"type": "abx", "anchors": ["low"]}, "no hidden_reference and no anchors"),
        ({"type": "acr", "blocks": {"systems_per_trial": 4}}, "use blocks.trials_per_listener"),
        ({"anchors": ["low", "low"]}, "two anchors have one name"),
        ({"anchors": [{"name": "hidden_reference", "cutoff_hz": 5000}]}, "call the anchor by another name"),
        ({"questionnaire": [{"id": "a", "text": "?"}, {"id": "a", "text": "??"}]}, "have one id"),
        ({"questionnaire": [{"id": "a", "text": "?", "kind": "choice"}]}, "options go with kind"),
        ({"clips": {"choose": "critical"}}, "choose: critical and quantity go together"),
        ({"clips": {"ids": ["a"], "count": 3}}, "ids is a list of clips of its own"),
        ({"excerpt_at": -1}, "expected start, middle"),
        ({"conditions": []}, "conditions"),
        ({"name": "../x"}, "name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together(keys: dict[str, Any], what: str) -> None:
    (problem,) = problems(**keys)
    assert what in problem


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"languages": ["en", "xx"]}, "languages: language 'xx': expected one of de, en, fr"),
        ({"texts": {"consnt": "..."}}, "texts: consnt: expected KEY or LANGUAGE.KEY"),
        ({"texts": {"xx.consent": "..."}}, "texts: xx.consent: expected KEY or LANGUAGE.KEY"),
        ({"texts": {"trial_title": "No. {nr}"}}, "texts: trial_title: expected no other places than {number}, {total}"),
        ({"texts": {"fr.trial_title": "100 {% of {total}"}}, "texts: fr.trial_title: expected no other places"),
        ({"excerpt_at": float("inf")}, "excerpt_at: expected start, middle"),
    ],
)
def test_what_could_never_be_served_is_not_built(keys: dict[str, Any], what: str) -> None:
    """A test does not change after it is built: its pages have to find their languages and texts."""
    [problem] = problems(**keys)
    assert what in problem


def test_texts_of_a_test_may_leave_places_out_and_hold_braces() -> None:
    config.parse({"name": "x", "texts": {"trial_title": "No. {number}", "consent": "For {you} and 100 %"}})


def test_short_forms() -> None:
    parsed = config.parse(
        {
            "name": "x", "clips": {"count": 2}, "conditions": "opus@*", "training": 3,
            "anchors": ["low", {"name": "anchor_10k", "cutoff_hz": 10_000}],
        }
    )  # fmt: skip
    assert parsed.conditions == ["opus@*"]
    assert parsed.training.count == 3
    assert parsed.all_anchors[1].role == "anchor"
    assert config.parse({"name": "x", "training": ["a", "b"]}).training.ids == ["a", "b"]


@pytest.mark.parametrize("name", ["mushra_bs1534", "mushra_demo", "mushra_encodec_paper"])
def test_shipped_tests_are_no_runs_and_say_so(name: str) -> None:
    assert name in runs.shipped_tests()
    assert name not in runs.shipped()
    parsed, text = config.load(name)
    assert parsed.name == name
    assert text.startswith("#")
    with pytest.raises(ConfigError, match=f"listening test, no run. .*codecbench listen build RUN... {name}"):
        runs.load(name)


def test_the_example_says_what_the_defaults_are() -> None:
    example, _ = config.load("mushra_bs1534")
    plain = config.parse({"name": "mushra_bs1534", "title": example.title, "description": example.description})
    for field in (
        "excerpt_at",
        "level_match",
        "fade_ms",
        "replicates",
        "trials_before_break",
        "headphone_check",
        "seed",
    ):
        assert getattr(example, field) == getattr(plain, field)
    assert (example.seconds, example.all_anchors) == (plain.seconds, plain.all_anchors)
    assert example.clips[0].count == plain.defaults.clips_per_category
    assert example.training.count == plain.defaults.training


def test_a_run_is_no_test_and_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="demo is a run's configuration"):
        config.load("demo")
    (tmp_path / "run.yaml").write_text("name: a\ndatasets: [embedded]\ncodecs: [opus]\n")
    with pytest.raises(ConfigError, match="this describes a run, no listening test"):
        config.load(tmp_path / "run.yaml")
    with pytest.raises(ConfigError, match="Did you mean 'mushra_bs1534'"):
        config.load("mushra_bs153")
