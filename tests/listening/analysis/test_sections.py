"""What the report says under each heading, of a test and of ratings that are written here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from listening_test.analysis.analysed import Analysis, analyse
from listening_test.analysis.frames import as_ratings
from listening_test.analysis.page import page
from listening_test.analysis.screening import PRESETS
from listening_test.analysis.sections import NOT_KNOWN, Section, sections_of
from listening_test.analysis.sheets import Sheet
from listening_test.model import Stimulus, Test, Trial
from tests.listening.analysis.made import rating
from tests.listening.conftest import tiny_test

ORDER = ["design", "material", "processing", "transducers", "training", "screening", "anchors", "statistics", "results"]


def ratings_of(test_type: str = "mushra") -> pd.DataFrame:
    """Two listeners of three clips, of which one has a category, and a training of the first."""
    conditions = {"reference": 100.0, "anchor70": 40.0, "anchor35": 20.0, "codec": 60.0}
    rows = [
        rating(f"L{who}", clip, name, min(100.0, score + 5 * who), category=category)
        for who in range(2)
        for clip, category in (("song", "music"), ("talk", ""), ("word", ""))
        for name, score in conditions.items()
    ]
    rows += [rating("L0", "try", name, 50.0, training=True) for name in conditions]
    if test_type in ("abx", "ab"):
        rows = [row | {"against": "reference", "score": 1.0} for row in rows if row["condition"] == "codec"]
    return as_ratings(row | {"test_type": test_type} for row in rows)


@pytest.fixture(scope="module")
def analyses() -> dict[str, Analysis]:
    return {kind: analyse(ratings_of(kind), PRESETS["none"], seed=5, draws=50) for kind in ("mushra", "abx", "ab")}


@pytest.fixture
def analysis(analyses: dict[str, Analysis]) -> Analysis:
    """Of a MUSHRA test, without the conditions, of which the pictures are made."""
    return replace(analyses["mushra"], conditions=analyses["mushra"].conditions.head(0))


def sections(analysis: Analysis, test: Test | None = None, devices: dict[str, int] | None = None) -> dict[str, Section]:
    found = sections_of(analysis, test, devices or {})
    assert [section.anchor for section in found] == ORDER
    return {section.anchor: section for section in found}


def test_ratings_without_their_test_say_what_is_not_known(analysis):
    alone = sections(analysis)
    assert alone["design"] == Section(
        "design",
        "Test design",
        (NOT_KNOWN,),
        (
            ("Type", "MUSHRA (ITU-R BS.1534-3)"),
            ("Listeners", "2"),
            ("Conditions", "anchor35, anchor70, codec, reference"),
        ),
    )
    assert alone["material"] == Section(
        "material", "Selection of test material", (NOT_KNOWN,), (("no category", "2 clips"), ("music", "1 clip"))
    )
    assert alone["processing"] == Section("processing", "Processing of the material", (NOT_KNOWN,))
    assert alone["transducers"] == Section("transducers", "Transducers and level", ("Not recorded.",))
    assert NOT_KNOWN == "Not recorded: the ratings come without the test's folder."


def test_training_is_counted_and_said_not_to_count(analysis):
    said = (
        "Ratings in training: 4; trials of training that were rated: 1; listeners: 1. None of them counts, neither for "
        "screening nor for results."
    )
    assert sections(analysis)["training"] == Section("training", "Training of the listeners", (said,))


def test_a_test_without_training_breaks_the_standard(analysis, tmp_path):
    test = tiny_test(tmp_path, trials=1)
    assert len(sections(analysis, test)["training"].paragraphs) == 1
    untrained = sections(analysis, replace(test, trials=test.counted))["training"].paragraphs
    assert untrained[1:] == ("The test has no training trial, which BS.1534-3 (4.1) makes mandatory.",)


@pytest.mark.parametrize(
    ("test_type", "name"),
    [
        ("acr", "absolute category rating (ITU-T P.800)"),
        ("dcr", "degradation category rating (ITU-T P.800)"),
        ("abx", "ABX"),
        ("ab", "preference of one of two"),
    ],
)
def test_types_of_tests_have_names(analyses, analysis, test_type, name):
    analysis = analyses.get(test_type) or replace(analysis, test_type=test_type)
    assert sections_of(analysis, None, {})[0].facts[0] == ("Type", name)
    if test_type in ("abx", "ab"):
        assert f"codecbench listening test, {name}</p>" in page(analysis)


def test_the_design_of_a_test(analysis, tmp_path):
    test = tiny_test(tmp_path, trials=2, rules={"needs_a_hundred": False, "trials_before_break": 9})
    design = sections(analysis, test)["design"]
    assert (design.title, design.paragraphs) == ("Test design", ())
    assert design.facts[3:] == (
        ("Preset", "bs1534"),
        ("Trials", "2 that count, 1 of training"),
        ("Blocks", "every listener gets all trials"),
        ("Repetitions", "none"),
        ("Orders", "of trials and of stimuli: random for each listener, recorded; seed 7"),
        ("Needs a 100", "no"),
        ("Break", "after 9 trials"),
    )
    again = replace(test.counted[0], id="trial1r", replicate=1)
    rules = replace(test.rules, needs_a_hundred=True, question="Which one?")
    other = replace(test, trials=(*test.trials, again), blocks=2, rules=rules)
    facts = dict(sections(analysis, other)["design"].facts)
    assert (facts["Blocks"], facts["Repetitions"]) == ("2: each listener gets one", "1")
    assert (facts["Needs a 100"], facts["Question"]) == ("yes", "Which one?")
    [part] = sections(analysis, other)["material"].parts
    assert part.sheet == Sheet(
        "Clips",
        ("clip", "dataset", "category", "seconds"),
        (("clip1", "tiny", "music", "0.6"), ("clip2", "tiny", "speech", "0.6")),
        frozenset({"clip", "dataset", "category"}),
    )
    assert sections(analysis, other)["material"].paragraphs == ()


def made_test(folder: Any) -> Test:
    """Two trials of a codec whose files were made in two ways, and an anchor."""
    test = tiny_test(folder, trials=2)

    def codec(rate: float | None, **more: Any) -> Stimulus:
        return Stimulus("codec", "system", "0" * 64, codec="opus", bitrate_bps=6000, actual_bps=rate, **more)

    anchor = Stimulus("anchor35", "low_anchor", "1" * 64, origin="low-pass filter")
    stimuli = [
        (codec(6100.0, gain_db=1.5, run="run-b", origin="decoded"), anchor),
        (codec(6300.0, gain_db=-2.0, run="run-a", origin="decoded"), anchor),
        (codec(None, origin="resampled"),),
    ]
    trials: list[Trial] = [
        replace(test.counted[index % 2], id=f"t{index}", stimuli=given) for index, given in enumerate(stimuli)
    ]
    made = {
        "version": "0.1.0",
        "built_at": "today",
        "empty": "",
        "long": "x" * 201,
        "lines": "a\nb",
        "list": [1],
        "config_text": "name: tiny\ntype: mushra\n",
        "findings": [
            {"severity": "warning", "where": "clip1", "what": "too loud", "got": "-9 LUFS", "clause": "BS.1534-3, 5"},
            {"what": "odd"},
            "no finding",
        ],
    }
    return replace(test, trials=(test.training[0], *trials), made=made)


def test_how_the_material_was_made(analysis, tmp_path):
    section = sections(analysis, made_test(tmp_path))["processing"]
    assert section.title == "Processing of the material"
    assert section.paragraphs == ("All stimuli of a trial have the same length and are 48 kHz, 24 bit.",)
    assert section.facts == (("built at", "today"), ("version", "0.1.0"))
    table, configuration = section.parts
    assert table.sheet == Sheet(
        "Conditions",
        ("condition", "codec", "measured kbit/s", "gain in dB", "made by", "run"),
        (
            ("codec", "opus", "6.20", "-2.0 … +1.5", "decoded (and 1 more ways)", "run-a, run-b"),
            ("anchor35", "", "", "+0.0 … +0.0", "low-pass filter", ""),
        ),
        frozenset({"codec", "made by", "run"}),
    )
    assert table.notes == (
        "warning of the linter: clip1: too loud, got -9 LUFS (BS.1534-3, 5)",
        "finding of the linter: odd ()",
    )
    assert (configuration.heading, configuration.code) == ("Configuration", "name: tiny\ntype: mushra\n")


def test_only_short_facts_of_the_making_are_listed(analysis, tmp_path):
    test = replace(tiny_test(tmp_path, trials=1), made={"just": "x" * 200, "off": False, "rate": 48_000, "gain": 0.5})
    section = sections(analysis, test)["processing"]
    assert section.facts == (("gain", "0.5"), ("just", "x" * 200), ("off", "False"), ("rate", "48000"))
    assert len(section.parts) == 1, "there is no configuration"


def test_what_people_heard_with(analysis, tmp_path):
    test = tiny_test(tmp_path, trials=1, rules={"level_range_db": 3.5, "headphone_check": "antiphase"})
    section = sections(analysis, test, {"speakers": 1, "": 4})["transducers"]
    assert section == Section(
        "transducers",
        "Transducers and level",
        (),
        (
            ("no answer", "4"),
            ("speakers", "1"),
            ("Level", "adjustable by ±3.5 dB before the trials, never within one"),
            ("Check of headphones", "antiphase"),
        ),
    )


def test_who_was_left_out_and_how_far_the_others_agree(analysis):
    section = sections(analysis)["screening"]
    assert (section.title, section.facts) == ("Post-screening and listeners", ())
    assert section.paragraphs == ("Post-screening 'none' (everybody counts).", "Nobody was left out.")
    reliability, checks = section.parts
    assert (reliability.heading, reliability.folded, checks.folded, checks.notes) == ("Reliability", False, True, ())
    assert (reliability.sheet.title, checks.sheet.title) == ("Listeners", "Every listener and rule")
    panel = {"n_listeners": 2, "split_half": 0.976, "icc_single": 0.912, "icc_panel": 0.954, "icc_cells": 15}
    for changes, said in (
        ({}, ("split-half reliability 0.98 (Spearman-Brown).", "ICC(A,1) 0.91, ICC(A,k) 0.95 over 15 stimuli.")),
        (
            dict.fromkeys(("split_half", "icc_single", "icc_panel"), float("nan")),
            (
                "split-half reliability not computable (Spearman-Brown).",
                "No intraclass correlation: fewer than five stimuli were rated by all listeners.",
            ),
        ),
    ):
        notes = sections(replace(analysis, panel=panel | changes))["screening"].parts[0].notes
        assert notes == (
            "Agreement: correlation with the mean of the other listeners on the same stimuli. Repeatability: mean "
            "difference between repetitions of a trial.",
            f"Panel: {said[0]}",
            said[1],
        )
    assert len(sections(replace(analysis, panel={}))["screening"].parts[0].notes) == 1


def test_rules_and_the_guard_are_told():
    ratings = ratings_of()
    ratings.loc[(ratings["listener"] == "L0") & (ratings["role"] == "hidden_reference"), "score"] = 10.0
    ratings.loc[(ratings["clip"] == "song") & (ratings["role"] == "mid_anchor"), "score"] = 95.0
    analysis = analyse(ratings, PRESETS["bs1534"], draws=50)
    section = sections(replace(analysis, conditions=analysis.conditions.head(0)))["screening"]
    assert section.paragraphs == (
        "Post-screening 'bs1534' (ITU-R BS.1534-3 (10/2015), 4.1.2).",
        "Rule: left out where hidden_reference < 90 on > 15%.",
        "Rule: left out where mid_anchor > 90 on > 15% guard 25%.",
        "L0 was left out: hidden_reference < 90 on > 15%: 3 of 3 trials (100.0 %).",
    )
    assert section.parts[1].notes == (
        "Guard: trial song is not used for “mid_anchor > 90 on > 15% guard 25%”, which 2 of 2 listeners would break "
        "there.",
    )


def test_reference_and_anchors_and_how_they_were_made(analyses, analysis, tmp_path):
    title = "Reference and anchors"
    roles = (("reference", "hidden reference"), ("anchor35", "low anchor"), ("anchor70", "mid anchor"))
    assert sections(analysis)["anchors"] == Section("anchors", title, (), roles)
    known = sections(analysis, made_test(tmp_path))["anchors"]
    assert known.facts[1:] == (("anchor35", "low anchor: made by low-pass filter"), ("anchor70", "mid anchor"))
    assert sections(analyses["ab"])["anchors"] == Section("anchors", title, ("There are none.",))


def test_the_methods_are_named(analyses, analysis):
    section = sections(analysis)["statistics"]
    assert (section.title, section.paragraphs[-1]) == ("Statistical methods", "Seed 5.")
    assert section.paragraphs[-2] == "Outliers are listed, never removed."
    box, intervals, pairs, everything = section.paragraphs[:4]
    assert "medians of the halves" in box
    assert "a bootstrap that draws whole listeners (10 000 draws" in intervals
    assert "All are cut at the ends of the scale." in intervals
    assert "Paired permutation test" in pairs
    assert "10000 draws or all, two-sided" in pairs
    assert "Greenhouse and Geisser" in everything
    for kind, side in (("abx", "one-sided, better than guessing"), ("ab", "two-sided")):
        said, seed = sections(analyses[kind])["statistics"].paragraphs
        assert said == (
            "Each pair: share of the answers with Wilson's 95 % interval, which takes answers as independent, and with "
            f"a bootstrap that draws whole listeners. Exact binomial test ({side}), sign test over listeners; Holm's "
            "correction over the pairs."
        )
        assert seed == "Seed 5."


def test_results_have_their_parts_and_pictures_in_order(analyses):
    section = sections(analyses["mushra"])["results"]
    assert section.title == "Results"
    assert [(part.heading, part.sheet.title, part.folded, len(part.figures)) for part in section.parts] == [
        ("All clips", "Conditions", False, 2),
        ("no category", "Conditions: no category", False, 2),
        ("music", "Conditions: music", False, 2),
        ("Differences", "Pairs", False, 0),
        ("All systems at once", "All systems at once", False, 0),
        ("Single clips", "Conditions on single clips", True, 0),
        ("", "Outliers: 0, none removed", True, 0),
    ]
    assert section.parts[3].notes == (
        "A difference is a mean over listeners of their own differences. Families are corrected on their own; p above "
        "0.2 against the hidden reference hints at transparency, no more.",
    )
    every, nothing, music = (part.figures for part in section.parts[:3])
    box, violin = every
    assert box.caption == (
        "Box: quartiles with median; whiskers reach to the last rating within 1.5 times the box, circles lie beyond. "
        "Diamond and bar: mean with 95 % confidence interval over listeners."
    )
    assert violin.caption == "Density of the ratings, each a tick; long lines: median, short ones: quartiles."
    labels = ["Box plot of the scores of each condition", "Distribution of the scores of each condition"]
    assert all(f'aria-label="{label}"' in one.svg for label, one in zip(labels, every, strict=True))
    for name, figures in (("music", music), ("no category", nothing)):
        assert all(f'aria-label="{label}, {name}"' in one.svg for label, one in zip(labels, figures, strict=True))


def test_results_of_answers_are_two_tables(analyses):
    for kind in ("abx", "ab"):
        section = sections(analyses[kind])["results"]
        found = [(part.heading, part.sheet.title, part.folded) for part in section.parts]
        assert (section.title, found) == ("Results", [("", "Pairs", False), ("", "Every listener", True)])


def test_a_page_has_a_title_and_its_cautions(analyses):
    analysis = replace(analyses["ab"], cautions=("Beware.",))
    text = page(analysis)
    assert "<title>made: listening test – codecbench</title>" in text
    assert '<p class="notice"><strong>Caution:</strong> Beware.</p>' in text
    assert "<p>2 listeners, 0 left out by screening (none); 6 ratings of 1 condition on 3 clips count.</p>" in text
    assert "<h1>Listening test</h1>" in page(replace(analysis, test=""))
