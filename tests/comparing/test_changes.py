"""What changed between two runs: by hand, and what must change nothing."""

import math

import numpy as np
import pandas as pd
import pytest

from bench.comparing import renames
from bench.errors import ConfigError
from bench.runs.results import OPTIONAL_COLUMNS, load_results
from bench.stats import holm
from tests.comparing.changed import at, compared, one, shifted
from tests.report.build import make_run, with_tables


def renamed(table, old, new):
    return table.assign(condition=table["condition"].replace({old: new}))


def test_a_run_against_itself_is_equal_in_everything(base):
    found = compared(base, base)
    assert {change.verdict for change in found.changes} == {"equal"}
    assert {(change.mean, change.p, change.p_holm, change.n_lost) for change in found.changes} == {(0, 1, 1, 0)}
    assert (found.failures, found.clips, found.notices, found.n_tested) == ([], [], [], 0)
    assert {change.category for change in found.changes} == {"speech", "music"}
    assert one(found, "si_sdr", "reference").base == math.inf
    assert not [change for change in found.changes if (change.category, change.quantity) == ("music", "pesq_wb")]


def test_a_shift_is_found_where_it_is_and_nowhere_else(base, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.02, size=16)
    new = shifted(base, tmp_path, noise - 0.1, condition="opus@6000", category="speech", quantity="visqol_audio")
    found = compared(base, new)
    change = one(found, "visqol_audio", "opus@6000")
    assert (change.verdict, change.n, change.n_sources) == ("worse", 16, 8)
    assert change.mean == pytest.approx(noise.mean() - 0.1)
    assert change.new - change.base == pytest.approx(change.mean)
    assert change.low < change.mean < change.high < 0
    assert change.p == change.p_holm == 2 / 2**8
    assert change.relative == pytest.approx(change.mean / change.base)
    assert {other.verdict for other in found.changes if other is not change} == {"equal"}
    assert found.n_tested == 1


@pytest.mark.parametrize(("quantity", "by", "verdict"), [
    ("visqol_audio", 0.1, "better"), ("visqol_audio", -0.1, "worse"),
    ("log_spectral_distance", 0.1, "worse"), ("log_spectral_distance", -0.1, "better"),
])  # fmt: skip
def test_the_direction_of_the_quantity_decides_what_is_better(base, tmp_path, quantity, by, verdict):
    new = shifted(base, tmp_path, by, condition="mp3@24000", quantity=quantity)
    assert one(compared(base, new), quantity, "mp3@24000", "music").verdict == verdict


def test_a_quantity_without_a_direction_has_changed(base, tmp_path):
    about = {**base.quantities, "si_sdr": {**base.quantities["si_sdr"], "higher_is_better": None}}
    new = with_tables(shifted(base, tmp_path / "1", 1, condition="mp3@24000", quantity="si_sdr"), tmp_path / "2",
                      info={**base.info, "quantities": about})  # fmt: skip
    assert one(compared(base, new), "si_sdr", "mp3@24000").verdict == "changed"


def test_holm_counts_everything_that_differs(base, tmp_path):
    random = np.random.default_rng(1)
    scores = base.scores.copy()
    rows = at(scores, quantity="visqol_audio")
    scores.loc[rows, "value"] += random.normal(0, 0.01, rows.sum())
    found = compared(base, with_tables(base, tmp_path, scores=scores))
    assert found.n_tested == 2 * len(base.conditions)
    tested = [change for change in found.changes if change.tested]
    assert [change.p_holm for change in tested] == holm([change.p for change in tested])


def test_bitrate_and_speed_by_hand(base, tmp_path):
    encodings = base.encodings.copy()
    rows = at(encodings, condition="opus@12000")
    encodings.loc[rows, "payload_bits"] = encodings.loc[rows, "payload_bits"] + 40  # 0.1 s: 400 bit/s
    encodings.loc[rows, "encode_s"] /= 2
    found = compared(base, with_tables(base, tmp_path, encodings=encodings))
    kbps, speed = (one(found, name, "opus@12000") for name in ("kbps", "encode_speed"))
    assert (kbps.mean, kbps.verdict) == (pytest.approx(0.4), "worse")
    own = base.encodings[at(base.encodings, condition="opus@12000", category="speech")]
    assert kbps.base == pytest.approx((own["payload_bits"] / own["seconds"]).mean() / 1000)
    assert (speed.mean, speed.low, speed.high) == pytest.approx((1, 1, 1))
    assert (speed.verdict, speed.relative) == ("better", speed.mean)
    assert speed.new == pytest.approx(2 * speed.base)
    assert one(found, "decode_speed", "opus@12000").verdict == "equal"


def test_clips_without_a_value_in_one_run_are_counted_and_not_in_the_mean(base, tmp_path):
    scores = base.scores.copy()
    rows = np.flatnonzero(at(scores, condition="opus@6000", category="speech", quantity="visqol_audio"))
    places = scores.index[rows]
    scores.loc[places, "value"] += 0.25
    scores.loc[places[0], ["value", "status", "reason"]] = [math.nan, "failed", "it broke"]
    found = compared(base, with_tables(base, tmp_path, scores=scores))
    change = one(found, "visqol_audio", "opus@6000")
    assert (change.n, change.n_lost, change.n_gained) == (15, 1, 0)
    assert change.mean == pytest.approx(0.25)
    [failure] = found.failures
    assert (failure.category, failure.condition, failure.count) == ("speech", "opus@6000", 1)
    assert failure.examples == (f"{scores.loc[places[0], 'clip']}: visqol_audio",)
    assert failure.shown == f"{scores.loc[places[0], 'clip']}: visqol_audio: it broke"
    back = compared(with_tables(base, tmp_path, scores=scores), base)
    assert one(back, "visqol_audio", "opus@6000").n_gained == 1
    assert back.failures == []


def test_a_failed_cell_changes_no_other_number(base, tmp_path):
    new = shifted(base, tmp_path / "1", -0.1, quantity="visqol_audio")
    scores = new.scores.copy()
    row = scores.index[at(scores, condition="opus@6000", quantity="visqol_audio")][0]
    scores.loc[row, ["value", "status"]] = [math.nan, "failed"]
    before, after = compared(base, new), compared(base, with_tables(new, tmp_path / "2", scores=scores))
    pairs = list(zip(before.changes, after.changes, strict=True))
    differ = [one for one, other in pairs if (one.mean, one.low, one.p) != (other.mean, other.low, other.p)]
    assert {(change.condition, change.quantity) for change in differ} <= {("opus@6000", "visqol_audio")}


def test_nothing_left_has_no_values(base, tmp_path):
    scores = base.scores.copy()
    scores.loc[at(scores, condition="opus@6000", quantity="visqol_audio"), ["value", "status"]] = [math.nan, "failed"]
    change = one(compared(base, with_tables(base, tmp_path, scores=scores)), "visqol_audio", "opus@6000")
    assert (change.verdict, change.n, change.n_lost) == ("no values", 0, 16)
    assert math.isnan(change.mean)


def test_losing_a_perfect_copy_is_an_infinite_difference_without_a_test(base, tmp_path):
    scores = base.scores.copy()
    scores.loc[at(scores, condition="reference", quantity="si_sdr"), "value"] = 90.0
    change = one(compared(base, with_tables(base, tmp_path, scores=scores)), "si_sdr", "reference")
    assert (change.base, change.new, change.mean, change.verdict) == (math.inf, 90, -math.inf, "not tested")


def test_order_of_rows_changes_nothing(base, tmp_path):
    new = shifted(base, tmp_path / "1", -0.1, quantity="visqol_audio", category="speech")
    tables = {
        name: getattr(new, name).sample(frac=1, random_state=3).reset_index(drop=True)
        for name in ("clips", "encodings", "scores")
    }
    mixed = with_tables(new, tmp_path / "2", **tables)
    one_way, other = compared(base, new), compared(base, mixed)
    assert repr(one_way.changes) == repr(other.changes)
    assert repr(one_way.clips) == repr(other.clips)


def test_names_of_codecs_change_nothing(base, tmp_path):
    def under(results, folder):
        tables = {name: renamed(getattr(results, name), "opus@6000", "zz") for name in ("encodings", "scores")}
        names = [name.replace("opus@6000", "zz") for name in results.conditions]
        return with_tables(results, folder, **tables, info={**results.info, "conditions": names})

    new = shifted(base, tmp_path / "1", -0.1, quantity="visqol_audio", condition="opus@6000")
    plain = compared(base, new)
    other = compared(under(base, tmp_path / "2"), under(new, tmp_path / "3"))
    numbers = [[(c.quantity, c.mean, c.low, c.p_holm, c.verdict) for c in run.changes] for run in (plain, other)]
    assert repr(numbers[0]) == repr(numbers[1])


def test_clips_measured_twice_change_no_number(base, tmp_path):
    def twice(results, folder):
        tables = {}
        for name in ("clips", "encodings", "scores"):
            table = getattr(results, name)
            tables[name] = pd.concat([table, table.assign(clip=table["clip"] + " again")], ignore_index=True)
        return with_tables(results, folder, **tables)

    noise = np.random.default_rng(0).normal(0, 0.02, size=16)
    new = shifted(base, tmp_path / "1", noise - 0.1, condition="opus@6000", category="speech", quantity="visqol_audio")
    once = one(compared(base, new), "visqol_audio", "opus@6000")
    often = one(compared(twice(base, tmp_path / "2"), twice(new, tmp_path / "3")), "visqol_audio", "opus@6000")
    assert (often.n, often.n_sources) == (32, 8)
    assert (often.mean, often.low, often.high, often.p) == pytest.approx((once.mean, once.low, once.high, once.p))


def test_renamed_conditions_are_joined_and_others_are_listed(base, tmp_path):
    tables = {name: renamed(getattr(base, name), "opus@6000", "new,x=1@6000") for name in ("encodings", "scores")}
    names = [name.replace("opus@6000", "new,x=1@6000") for name in base.conditions]
    new = with_tables(base, tmp_path, **tables, info={**base.info, "conditions": names})
    found = compared(base, new)
    assert (found.matched.only_base.conditions, found.matched.only_new.conditions) == (["opus@6000"], ["new,x=1@6000"])
    assert "Only BASE has the 1 condition (opus@6000)." in found.notices
    pairs = renames(["opus@6000=new,x=1@6000"], base, new)
    assert pairs == {"opus@6000": "new,x=1@6000"}
    assert renames(["new,x=1@6000=opus@6000"], new, base) == {"new,x=1@6000": "opus@6000"}
    joined = compared(base, new, renamed=pairs)
    assert joined.matched.only_base.conditions == joined.matched.only_new.conditions == []
    change = one(joined, "visqol_audio", "new,x=1@6000")
    assert (change.base_condition, change.verdict) == ("opus@6000", "equal")


@pytest.mark.parametrize(("text", "message"), [
    ("opus@6000", "expected OLD=NEW"),
    ("opus@600=mp3@24000", "BASE has no condition 'opus@600'. Did you mean 'opus@6000'"),
    ("opus@6000=mp3@2400", "NEW has no condition 'mp3@2400'. Did you mean 'mp3@24000'"),
])  # fmt: skip
def test_wrong_names_are_refused(base, text, message):
    with pytest.raises(ConfigError, match=message):
        renames([text], base, base)


def test_a_partner_for_each(base):
    with pytest.raises(ConfigError, match="given twice"):
        renames(["opus@6000=mp3@24000", "opus@12000=mp3@24000"], base, base)


def test_clips_and_quantities_of_one_run_are_listed(base, tmp_path):
    clip = base.clips["clip"].iloc[0]
    tables = {name: getattr(base, name)[getattr(base, name)["clip"] != clip] for name in ("clips", "encodings")}
    scores = base.scores[(base.scores["clip"] != clip) & (base.scores["quantity"] != "si_sdr")]
    new = with_tables(base, tmp_path, **tables, scores=scores)
    found = compared(base, new)
    assert (found.matched.only_base.clips, found.matched.only_base.quantities) == ([clip], ["si_sdr"])
    assert len(found.matched.clips) == 31
    assert found.failures == []
    notices = " ".join(found.notices)
    assert f"1 clip ({clip})" in notices
    assert "1 quantity (si_sdr)" in notices


def test_other_metric_versions_are_compared_only_when_asked(base, tmp_path):
    scores = base.scores.copy()
    rows = at(scores, quantity="visqol_audio")
    scores.loc[rows, "value"] -= 0.1
    scores.loc[rows, "metric_version"] = "2"
    new = with_tables(base, tmp_path, scores=scores)
    found = compared(base, new)
    change = one(found, "visqol_audio", "opus@6000")
    assert (change.verdict, change.n) == ("not comparable", 0)
    assert math.isnan(change.mean)
    assert "1 in BASE, 2 in NEW" in change.note
    assert any("visqol_audio is of another version" in notice for notice in found.notices)
    assert {cell.quantity for cell in found.clips} == set()
    allowed = compared(base, new, allow_other_versions=True)
    assert one(allowed, "visqol_audio", "opus@6000").mean == pytest.approx(-0.1)
    assert any("compared all the same" in notice for notice in allowed.notices)


def test_clips_of_other_content_are_compared_only_when_asked(base, tmp_path):
    hashes = base.clips.assign(sha256="a" * 64)
    old = with_tables(base, tmp_path / "1", clips=hashes)
    hashes = hashes.assign(sha256=hashes["sha256"].where(hashes["category"] == "music", "b" * 64))
    new = with_tables(base, tmp_path / "2", clips=hashes)
    found = compared(old, new)
    assert {change.category for change in found.changes} == {"music"}
    assert any("16 clips" in notice and "another content" in notice for notice in found.notices)
    assert len(compared(old, new, allow_other_versions=True).matched.clips) == 32


def test_machines_and_partial_runs_are_told(base, tmp_path):
    machine = {**base.info["machine"], "cpu": "Faster CPU"}
    found = compared(base, with_tables(base, tmp_path, info={**base.info, "machine": machine, "complete": False}))
    notices = " ".join(found.notices)
    assert "cpu Some CPU in BASE, Faster CPU in NEW" in notices
    assert "NEW (made-up) is a partial run." in notices


def test_a_codec_of_ones_own_with_one_version_in_both_runs_is_told(base, tmp_path):
    def own(folder, version):
        versions = base.encodings["codec_version"].astype(str)
        made = base.encodings.assign(codec_version=versions.where(base.encodings["codec"] != "mp3", version))
        text = 'codecs: [passthrough, opus, {name: "my_codec:Codec", label: mp3}]'
        return with_tables(base, tmp_path / folder, encodings=made, info={**base.info, "config_text": text})

    old, same, other = own("old", "mine 1"), own("same", "mine 1"), own("other", "mine 2")
    [notice] = compared(old, same).notices
    assert notice.startswith("mp3 is `mine 1` in both runs.")
    assert compared(old, other).notices == compared(old, old).notices == []


@pytest.mark.parametrize(("options", "told"), [("{version: '7'}", 1), ("{folder: build}", 0)])
def test_a_command_with_a_version_of_its_own_is_told(base, tmp_path, options, told):
    text = f"codecs: [passthrough, opus, {{name: command, label: mp3, options: {options}}}]"
    info = {**base.info, "config_text": text}
    old, new = (with_tables(base, tmp_path / name, info=info) for name in ("old", "new"))
    assert len(compared(old, new).notices) == told


def test_nothing_in_common_is_an_error(base, tmp_path):
    other = make_run(tmp_path, codecs={"aac": (24000,)}, controls=(), with_audio=False)
    with pytest.raises(ConfigError, match=r"no condition that can be compared.*--map"):
        compared(base, other)
    other = make_run(tmp_path, clip_name="other", with_audio=False)
    with pytest.raises(ConfigError, match="no clip that can be compared"):
        compared(base, other)


def test_one_clip_has_a_difference_and_no_test(tmp_path):
    old = make_run(tmp_path / "1", clips=1, categories=("speech",), with_audio=False)
    new = shifted(old, tmp_path / "2", -0.1, quantity="visqol_audio")
    change = one(compared(old, new), "visqol_audio", "opus@6000")
    assert (change.mean, change.verdict) == (pytest.approx(-0.1), "not tested")


def test_a_run_of_an_older_version_lacks_columns(base, tmp_path):
    make_run(tmp_path, clips=16, codecs={"opus": (6000, 12000), "mp3": (24000,)}, controls=("reference",),
             seconds=0.1, with_audio=False)  # fmt: skip
    for name in ("clips", "encodings", "scores"):
        table = pd.read_parquet(tmp_path / f"{name}.parquet")
        table.drop(columns=OPTIONAL_COLUMNS & set(table)).to_parquet(tmp_path / f"{name}.parquet")
    found = compared(load_results(tmp_path), base)
    assert {change.verdict for change in found.changes} == {"equal"}


def test_a_codec_without_codes_has_no_entropy_coded_rate(base, tmp_path):
    encodings = base.encodings.copy()
    coded = at(encodings, condition="opus@6000")
    encodings["adaptive_bits"] = (encodings["payload_bits"] * 0.9).round().astype("Int64").where(coded)
    run = with_tables(base, tmp_path, encodings=encodings)
    found = [change for change in compared(run, run).changes if change.quantity == "kbps_adaptive"]
    assert {(change.condition, change.verdict) for change in found} == {("opus@6000", "equal")}


def test_measures_of_sets_have_a_difference_and_no_test(base, tmp_path):
    row = {"run": "made-up", "category": "speech", "condition": "opus@6000", "measure": "fad", "measure_version": "1",
           "quantity": "fad", "n": 16, "n_sources": 8, "n_items": 1, "n_failed": 0, "n_undefined": 0,
           "n_not_applicable": 0, "status": "ok", "reason": "", "details": "{}", "ci_low": 1.0,
           "ci_high": 3.0}  # fmt: skip
    runs = []
    for number, value in enumerate((2.0, 1.5)):
        info = {**base.info, "set_quantities": {"fad": {"unit": "", "higher_is_better": False}}}
        run = with_tables(base, tmp_path / str(number), info=info)
        pd.DataFrame([{**row, "value": value}]).to_parquet(run.folder / "sets.parquet")
        runs.append(load_results(run.folder))
    change = one(compared(*runs), "fad", "opus@6000")
    assert (change.kind, change.mean, change.verdict) == ("set", -0.5, "not tested")
    assert one(compared(runs[0], runs[0]), "fad", "opus@6000").verdict == "equal"


def test_only_some_quantities(base, tmp_path):
    new = shifted(base, tmp_path, -0.1)
    found = compared(base, new, only=["visqol*", "kbps"])
    assert {change.quantity for change in found.changes} == {"visqol_audio", "kbps"}
    with pytest.raises(ConfigError, match=r"no quantity of both runs fits 'visqol_audo'. Did you mean 'visqol_audio'"):
        compared(base, new, only=["visqol_audo"])


def test_too_few_sources_for_so_many_tests_are_told(base, tmp_path):
    scores = base.scores.copy()
    scores["value"] -= np.random.default_rng(0).random(len(scores))
    found = compared(base, with_tables(base, tmp_path, scores=scores))
    assert any("Nothing can come out as significant: 8 sources" in notice for notice in found.notices)
    assert not any(change.significant for change in found.changes)


def test_the_clips_that_changed_most_come_first(base, tmp_path):
    scores = base.scores.copy()
    rows = scores.index[at(scores, condition="opus@6000", category="music", quantity="visqol_audio")]
    scores.loc[rows, "value"] -= np.linspace(0, 0.5, 16)
    found = compared(base, with_tables(base, tmp_path, scores=scores))
    assert [cell.difference for cell in found.clips] == pytest.approx(-np.linspace(0, 0.5, 16)[:-4:-1])
    assert [cell.clip for cell in found.clips] == scores.loc[rows[:-4:-1], "clip"].tolist()
    assert {cell.better for cell in found.clips} == {False}
    with pytest.raises(ConfigError, match="--by: 'kbps' is not compared"):
        compared(base, base, by="kbps")


@pytest.mark.parametrize("text", ["[1, 2", "only words", "codecs: 5"])
def test_a_configuration_that_cannot_be_read_stops_no_comparison(base, tmp_path, text):
    new = with_tables(base, tmp_path, info={**base.info, "config_text": text})
    assert {change.verdict for change in compared(base, new).changes} == {"equal"}
