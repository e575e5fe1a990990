"""--fail-on: its grammar, and that nothing passes that could not be computed."""

import math

import pytest

from bench.comparing import judge, parse
from bench.comparing.shown import headline
from bench.errors import ConfigError
from tests.comparing.changed import at, compared, shifted
from tests.report.build import with_tables


@pytest.mark.parametrize(("text", "expected"), [
    ("visqol_audio < -0.05", ("visqol_audio", None, "*", "<", -0.05, False, False)),
    ("visqol_audio<-0.05", ("visqol_audio", None, "*", "<", -0.05, False, False)),
    ("visqol_audio @speech < -0.05", ("visqol_audio", "speech", "*", "<", -0.05, False, False)),
    ("visqol_audio@speech < -0.05", ("visqol_audio", "speech", "*", "<", -0.05, False, False)),
    ("kbps opus@12000 > 0.5", ("kbps", None, "opus@12000", ">", 0.5, False, False)),
    ("kbps @music opus@* >= 2%", ("kbps", "music", "opus@*", ">=", 0.02, True, False)),
    ("si_sdr <= -1e-1 significant", ("si_sdr", None, "*", "<=", -0.1, False, True)),
    ("kbps > 2 % significant", ("kbps", None, "*", ">", 0.02, True, True)),
    ("failed > 0", ("failed", None, "*", ">", 0, False, False)),
    ("encode_speed < -10%", ("encode_speed", None, "*", "<", -0.1, True, False)),
])  # fmt: skip
def test_sentences(text, expected):
    gate = parse(text)
    assert (
        gate.quantity, gate.category, gate.pattern, gate.operator, gate.number, gate.percent, gate.significant,
    ) == expected  # fmt: skip
    assert gate.text == text


@pytest.mark.parametrize(("text", "message"), [
    ("visqol_audio", "no comparison"),
    ("", "no comparison"),
    ("visqol_audio = 3", "no comparison"),
    ("visqol_audio <", "no comparison"),
    ("< 3", "names no quantity"),
    ("visqol_audio < low", "'low' is no number"),
    ("visqol_audio < nan", "must be finite"),
    ("visqol_audio < 0 surely", "got 'surely'"),
    ("visqol_audio @speech opus* mp3* < 0", "at most one category and one condition"),
    ("visqol_audio @ < 0", "at most one category"),
    ("encode_speed < -1", "give a percentage"),
    ("failed > 1%", "plain number"),
    ("a < 1 < 2", "got '< 2'"),
])  # fmt: skip
def test_other_sentences_are_refused_with_the_form(text, message):
    with pytest.raises(ConfigError, match=f"{message}.*Expected QUANTITY"):
        parse(text)


def outcome(text, comparison):
    [found] = judge([parse(text)], comparison)
    return found


@pytest.fixture(scope="module")
def worse(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("worse")
    new = shifted(base, folder / "1", -0.1, quantity="visqol_audio", condition="opus@6000", category="speech")
    encodings = new.encodings.copy()
    rows = at(encodings, condition="opus@12000")
    encodings.loc[rows, "payload_bits"] = (encodings.loc[rows, "payload_bits"] * 1.05).round().astype("Int64")
    return compared(base, with_tables(new, folder / "2", encodings=encodings))


@pytest.mark.parametrize(("text", "tripped"), [
    ("visqol_audio < -0.05", {("speech", "opus@6000")}),
    ("visqol_audio < -0.2", set()),
    ("visqol_audio @music < -0.05", set()),
    ("visqol_audio mp3* < -0.05", set()),
    ("visqol_audio @speech opus* < -0.05 significant", {("speech", "opus@6000")}),
    ("visqol_audio < -1%", {("speech", "opus@6000")}),
    ("kbps > 2%", {("speech", "opus@12000"), ("music", "opus@12000")}),
    ("kbps > 6%", set()),
    ("kbps > 0.5", {("speech", "opus@12000"), ("music", "opus@12000")}),
    ("visqol_audio > 0", set()),
    ("failed > 0", set()),
])  # fmt: skip
def test_what_trips(worse, text, tripped):
    found = outcome(text, worse)
    assert {(case.category, case.condition) for case in found.cases if case.tripped} == tripped
    assert found.tripped == bool(tripped)
    assert found.cases


def test_a_difference_that_chance_explains_is_not_significant(base, tmp_path):
    scores = base.scores.copy()
    rows = scores.index[at(scores, quantity="visqol_audio", condition="opus@6000", category="speech")]
    scores.loc[rows[:2], "value"] -= 1.0
    found = compared(base, with_tables(base, tmp_path, scores=scores))
    assert outcome("visqol_audio < -0.05", found).tripped
    assert not outcome("visqol_audio < -0.05 significant", found).tripped


@pytest.mark.parametrize("text", ["visqol_audio < -0.05", "visqol_audio > 100 significant", "visqol_audio < -5%"])
def test_a_quantity_of_which_everything_failed_trips(base, tmp_path, text):
    scores = base.scores.copy()
    scores.loc[at(scores, quantity="visqol_audio"), ["value", "status"]] = [math.nan, "failed"]
    found = outcome(text, compared(base, with_tables(base, tmp_path, scores=scores)))
    assert all(case.tripped and "no clip has a value in both runs" in case.told for case in found.cases)


def test_a_quantity_or_condition_that_new_lacks_trips(base, tmp_path):
    scores = base.scores[base.scores["quantity"] != "si_sdr"]
    lacking = compared(base, with_tables(base, tmp_path / "1", scores=scores))
    assert [case.told for case in outcome("si_sdr < -1", lacking).cases] == [
        "cannot be computed: only BASE has si_sdr."
    ]
    tables = {name: table[table["condition"] != "mp3@24000"] for name, table in (
        ("scores", base.scores), ("encodings", base.encodings))}  # fmt: skip
    lacking = compared(base, with_tables(base, tmp_path / "2", **tables))
    [case] = [case for case in outcome("visqol_audio < -1", lacking).cases if case.tripped]
    assert (case.condition, case.told) == ("mp3@24000", "cannot be computed: only BASE has this condition.")
    assert not outcome("visqol_audio opus* < -1", lacking).tripped
    assert outcome("visqol_audio mp3* < -1", lacking).tripped
    assert not outcome("visqol_audio < -1", compared(with_tables(base, tmp_path / "3", **tables), base)).tripped


def test_another_metric_version_trips(base, tmp_path):
    scores = base.scores.copy()
    scores.loc[at(scores, quantity="visqol_audio"), "metric_version"] = "2"
    new = with_tables(base, tmp_path, scores=scores)
    assert outcome("visqol_audio < -1", compared(base, new)).tripped
    assert not outcome("visqol_audio < -1", compared(base, new, allow_other_versions=True)).tripped


def test_a_metric_that_does_not_speak_of_the_category_trips_where_it_is_asked_for(base):
    same = compared(base, base)
    assert not outcome("pesq_wb < -1", same).tripped
    assert "applies nowhere" in outcome("pesq_wb @music < -1", same).cases[0].told


def test_an_infinite_fall_trips_and_its_significance_cannot_be_computed(base, tmp_path):
    scores = base.scores.copy()
    scores.loc[at(scores, condition="reference", quantity="si_sdr"), "value"] = 90.0
    found = compared(base, with_tables(base, tmp_path, scores=scores))
    assert outcome("si_sdr < -1", found).tripped
    assert "cannot be computed" in outcome("si_sdr reference < -1 significant", found).cases[0].told
    assert outcome("si_sdr reference < -1%", found).tripped


def test_new_failures_are_counted(base, tmp_path):
    scores, encodings = base.scores.copy(), base.encodings.copy()
    clip = base.clips["clip"].iloc[0]
    columns, why = ["value", "status", "reason"], "no decoded audio: no more memory"
    scores.loc[at(scores, clip=clip, condition="opus@6000"), columns] = [math.nan, "failed", why]
    encodings.loc[at(encodings, clip=clip, condition="opus@6000"), ["status", "payload_bits"]] = ["failed", None]
    new = with_tables(base, tmp_path / "1", scores=scores, encodings=encodings)
    found = outcome("failed > 0", compared(base, new))
    assert found.cases[0].told.startswith(f"5 cells fail that did not fail in BASE (opus@6000, {clip}: ")
    assert "no more memory" in found.cases[0].told
    assert "no more memory" in headline(compared(base, new))[2]
    assert not outcome("failed > 5", compared(base, new)).tripped
    assert not outcome("failed mp3* > 0", compared(base, new)).tripped
    assert not outcome("failed > 0", compared(new, new)).tripped
    gone = scores[~at(scores, clip=clip, condition="opus@6000")]
    assert outcome("failed > 0", compared(base, with_tables(base, tmp_path / "2", scores=gone))).tripped


def without(results, folder, clips):
    tables = {name: table[~table["clip"].isin(clips)] for name, table in (
        ("clips", results.clips), ("scores", results.scores), ("encodings", results.encodings))}  # fmt: skip
    return with_tables(results, folder, **tables)


def test_clips_that_new_lacks_are_failures(base, tmp_path):
    music = list(base.clips.loc[base.clips["category"] == "music", "clip"])
    fewer = without(base, tmp_path, music[:2])
    found = compared(base, fewer)
    assert [(gap.category, gap.clips, gap.quantities) for gap in found.matched.gaps] == [
        ("music", sorted(music[:2]), [])
    ]
    [case] = [case for case in outcome("failed > 0", found).cases if case.tripped]
    assert case.category == "music"
    assert f"only BASE has 2 of the clips, such as {min(music[:2])}" in case.told
    assert not outcome("failed @speech > 0", found).tripped
    assert not outcome("visqol_audio < -1", found).tripped
    assert not outcome("failed > 0", compared(fewer, base)).tripped


def test_a_category_that_new_lacks_trips_what_base_has_values_of(base, tmp_path):
    music = list(base.clips.loc[base.clips["category"] == "music", "clip"])
    speech = without(base, tmp_path, music)
    found = compared(base, speech)
    for text in ("visqol_audio < -1", "visqol_audio @music < -1", "kbps > 50%", "failed > 100"):
        assert [case.category for case in outcome(text, found).cases if case.tripped] == ["music"], text
    for text in ("pesq_wb < -1", "visqol_audio @speech < -1", "failed @speech > 0"):
        assert not outcome(text, found).tripped, text
    [case] = outcome("visqol_audio @music < -1", compared(speech, base)).cases
    assert case.tripped
    assert "no clip in common" in case.told


def test_clips_of_other_content_leave_a_category_empty(base, tmp_path):
    hashes = base.clips.assign(sha256="a" * 64)
    old = with_tables(base, tmp_path / "1", clips=hashes)
    hashes = hashes.assign(sha256=hashes["sha256"].where(hashes["category"] == "speech", "b" * 64))
    found = compared(old, with_tables(base, tmp_path / "2", clips=hashes))
    assert outcome("visqol_audio < -1", found).tripped
    assert outcome("failed > 0", found).tripped
    assert not outcome("visqol_audio @speech < -1", found).tripped


def test_a_condition_without_partner_is_one_case(base, tmp_path):
    tables = {name: table[table["condition"] != "mp3@24000"] for name, table in (
        ("scores", base.scores), ("encodings", base.encodings))}  # fmt: skip
    fewer = with_tables(base, tmp_path, **tables)
    for old, new, side in ((base, fewer, "BASE"), (fewer, base, "NEW")):
        [case] = outcome("visqol_audio mp3* < -1", compared(old, new)).cases
        assert case.tripped
        assert case.told == f"cannot be computed: only {side} has this condition."


def test_the_name_of_a_family_is_all_of_it(worse):
    cases = outcome("visqol < -0.05", worse).cases
    assert cases == outcome("visqol_audio < -0.05", worse).cases
    assert outcome("si < -0.05", worse).cases == outcome("si_sdr < -0.05", worse).cases
    for text in ("visq < 0", "encode < -10", "decode > 1%"):
        with pytest.raises(ConfigError, match="no quantity"):
            outcome(text, worse)


@pytest.mark.parametrize(("text", "message"), [
    ("visqol_audo < 0", "no quantity 'visqol_audo'. Did you mean 'visqol_audio'"),
    ("visqol_audio @speach < 0", "no category 'speach'. Did you mean 'speech'"),
    ("visqol_audio opsu@6000 < 0", "no condition fits 'opsu@6000'. Did you mean 'opus@6000'"),
])  # fmt: skip
def test_names_that_neither_run_has_are_wrong_usage(base, text, message):
    with pytest.raises(ConfigError, match=message):
        outcome(text, compared(base, base))
