"""Which entries stand on which board, in what order, and what their ranks say."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from bench.errors import ConfigError, DatasetError, UnknownName
from bench.leaderboard import build
from bench.records.published import PublishedScore, read_published
from bench.runs.results import load_results
from bench.tables import summarise
from tests.conftest import ROOT
from tests.leaderboard.made import make_run
from tests.report.build import with_tables


def range_of(clips):
    return [f"s{number}" for number in range(clips)]


def entry(board, condition, source="first"):
    return next(one for one in board.entries if (one.condition, one.source) == (condition, source))


def test_golden_board_of_a_small_run(tmp_path):
    """Ranks by hand: 8 clips, codecs a whole grade apart, noise of a tenth: p = 2/256, Holm over 3 pairs: 0.023."""
    board = build([make_run(tmp_path / "r")]).boards[0]
    assert board.title == "24 kHz mono, speech"
    assert board.sorted_by == "visqol_audio"
    assert [one.condition for one in board.entries] == ["passthrough", "mp3@64000", "opus@12000", "opus@6000"]
    values = {one.condition: one.values["visqol_audio"] for one in board.entries}
    assert {name: value.rank for name, value in values.items()} == {
        "passthrough": None, "mp3@64000": (1, 1), "opus@12000": (2, 2), "opus@6000": (3, 3)}  # fmt: skip
    assert values["opus@6000"].rank_of == 3
    assert values["opus@6000"].n_common == 8
    low = entry(board, "opus@6000")
    assert (low.nominal_bps, low.actual_bps, low.n, low.n_failed) == (6000, 6008.0, 8, 0)
    assert (low.encode_rtf, low.decode_rtf) == (pytest.approx(50), pytest.approx(100))
    assert math.isnan(low.delay_ms)
    assert low.parameters is None


def test_means_and_intervals_are_those_of_the_report(tmp_path):
    run = make_run(tmp_path / "r")
    rows = summarise(run, seed=4).set_index(["condition", "quantity"])
    for one in build([run], seed=4).boards[0].entries:
        for key, value in one.values.items():
            row = rows.loc[(one.condition, key)]
            assert (value.mean, value.low, value.high, value.n) == tuple(row[["mean", "ci_low", "ci_high", "n"]])


def test_ties_are_intervals(tmp_path):
    same = {"opus@6000": (6000, 3.0), "opus@12000": (12000, 3.0), "mp3@64000": (64000, 4.5)}
    run = make_run(tmp_path / "r", conditions=same)
    noisy = run.scores.copy()
    noisy["value"] += np.random.default_rng(1).normal(0, 0.2, len(noisy))
    board = build([with_tables(run, tmp_path / "n", scores=noisy)]).boards[0]
    ranks = {one.condition: one.values["visqol_audio"].rank for one in board.entries}
    assert ranks == {"opus@6000": (2, 3), "opus@12000": (2, 3), "mp3@64000": (1, 1)}


def test_lower_is_better_is_minded(tmp_path):
    run = make_run(tmp_path / "r", quantities=["log_spectral_distance"])
    board = build([run]).boards[0]
    assert board.entries[1].condition == "mp3@64000"
    assert board.entries[1].values["log_spectral_distance"].rank == (1, 1)


def test_two_classes_of_one_run_are_two_boards_with_their_own_clips(tmp_path):
    run = make_run(tmp_path / "r")
    clips = run.clips.copy()
    clips.loc[clips["clip"].isin(["s0", "s1"]), ["sample_rate", "channels"]] = (48_000, 2)
    boards = build([with_tables(run, tmp_path / "n", clips=clips)]).boards
    assert [board.title for board in boards] == ["24 kHz mono, speech", "48 kHz stereo, speech"]
    assert [entry(board, "opus@6000").n for board in boards] == [6, 2]
    mean = run.scores.query("clip in ['s0', 's1'] and condition == 'opus@6000' and quantity == 'pesq_wb'")[
        "value"
    ].mean()
    assert entry(boards[1], "opus@6000").values["pesq_wb"].mean == pytest.approx(mean)


def test_the_configuration_decides_where_it_converts_every_clip(tmp_path):
    run = make_run(tmp_path / "r", rate=44_100, channels=2, sample_rate=24_000)
    assert build([run]).boards[0].title == "24 kHz stereo, speech"
    run = make_run(tmp_path / "m", rate=44_100, channels=2)
    run.info["channels"] = 1
    assert build([run]).boards[0].title == "44.1 kHz mono, speech"


def test_a_clip_that_could_not_be_read_is_counted_with_the_others(tmp_path):
    run = make_run(tmp_path / "r")
    clips, encodings, scores = run.clips.copy(), run.encodings.copy(), run.scores.copy()
    clips.loc[clips["clip"] == "s0", ["sample_rate", "channels"]] = 0
    encodings.loc[encodings["clip"] == "s0", ["status", "reason"]] = ["failed", "cannot be read"]
    scores.loc[scores["clip"] == "s0", ["status", "value"]] = ["failed", math.nan]
    board = build([with_tables(run, tmp_path / "n", clips=clips, encodings=encodings, scores=scores)]).boards[0]
    assert (entry(board, "opus@6000").n, entry(board, "opus@6000").n_failed) == (7, 1)
    assert entry(board, "opus@6000").values["pesq_wb"].missing == {"failed": 1}
    assert not entry(board, "opus@6000").values["pesq_wb"].fewer  # everyone lacks that clip


def test_runs_with_common_clips_are_ranked_together_on_them(tmp_path):
    first = make_run(tmp_path / "a")
    other = make_run(tmp_path / "b", "second", [f"s{i}" for i in range(1, 9)], conditions={"lyra@3200": (3200, 1.5)})
    board = build([other, first]).boards[0]
    value = entry(board, "lyra@3200", "second").values["pesq_wb"]
    assert (value.rank, value.rank_of, value.n, value.n_common) == ((4, 4), 4, 8, 7)
    assert entry(board, "opus@6000").values["pesq_wb"].rank == (3, 3)


def test_runs_without_common_clips_are_ranked_apart(tmp_path):
    first = make_run(tmp_path / "a")
    other = make_run(tmp_path / "b", "second", [f"t{i}" for i in range(8)], conditions={"lyra@3200": (3200, 1.5)})
    board = build([first, other]).boards[0]
    assert entry(board, "lyra@3200", "second").values["pesq_wb"].rank == (1, 1)
    assert entry(board, "lyra@3200", "second").values["pesq_wb"].rank_of == 1
    assert entry(board, "opus@6000").values["pesq_wb"].rank_of == 3


def test_one_condition_in_two_runs_is_two_entries_that_tie(tmp_path):
    board = build([make_run(tmp_path / name, name, range_of(10)) for name in ("first", "second")]).boards[0]
    assert sum(one.condition == "opus@6000" for one in board.entries) == 2
    assert {entry(board, "opus@6000", name).values["pesq_wb"].rank for name in ("first", "second")} == {(5, 6)}


def test_versions_of_a_metric_do_not_share_a_column(tmp_path):
    first = make_run(tmp_path / "a", quantities=["visqol_audio"])
    second = make_run(tmp_path / "b", "second", quantities=["visqol_audio"], version="2")
    board = build([first, second]).boards[0]
    assert [column.key for column in board.columns] == [
        "visqol_audio [visqol_audio 1]", "visqol_audio [visqol_audio 2]"]  # fmt: skip
    assert [column.label for column in board.columns] == ["visqol_audio [1]", "visqol_audio [2]"]
    assert set(entry(board, "opus@6000").values) == {"visqol_audio [visqol_audio 1]"}
    assert entry(board, "opus@6000").values["visqol_audio [visqol_audio 1]"].rank_of == 3
    assert build([first, second], sort="visqol_audio").boards[0].sorted_by == "visqol_audio [visqol_audio 1]"
    assert build([load_results(run.folder) for run in (first, second)]).boards == build([first, second]).boards


def test_two_runs_of_one_name_are_refused_and_one_folder_twice_is_one(tmp_path):
    first = make_run(tmp_path / "a")
    with pytest.raises(DatasetError, match="is called 'first', too"):
        build([first, make_run(tmp_path / "b")])
    assert build([first, first]) == build([first])


def test_fewer_clips_than_the_neighbours_are_marked_and_ranked_on_common_ones(tmp_path):
    run = make_run(tmp_path / "r")
    scores = run.scores.copy()
    gap = (scores["condition"] == "opus@12000") & scores["clip"].isin(["s0", "s1"])
    scores.loc[gap, ["status", "value"]] = ["failed", math.nan]
    encodings = run.encodings.copy()
    encodings.loc[(encodings["condition"] == "opus@12000") & (encodings["clip"] == "s5"), "payload_bits"] *= 2
    board = build([with_tables(run, tmp_path / "n", scores=scores, encodings=encodings)]).boards[0]
    value = entry(board, "opus@12000").values["visqol_audio"]
    assert value.fewer
    assert (value.n, value.n_missing, value.n_common) == (6, 2, 6)
    assert value.actual_bps == pytest.approx(12_008 * 7 / 6)
    assert entry(board, "opus@12000").actual_bps == pytest.approx(12_008 * 9 / 8)
    assert not entry(board, "opus@6000").values["visqol_audio"].fewer
    assert entry(board, "opus@6000").values["visqol_audio"].n_common == 6


def test_neither_nan_nor_a_mean_with_some_infinities_has_a_rank(tmp_path):
    run = make_run(tmp_path / "r")
    scores = run.scores.copy()
    scores.loc[(scores["condition"] == "mp3@64000") & (scores["clip"] == "s0"), "value"] = math.inf
    scores.loc[scores["condition"] == "opus@6000", ["status", "value"]] = ["failed", math.nan]
    board = build([with_tables(run, tmp_path / "n", scores=scores)]).boards[0]
    assert board.entries[0].condition == "mp3@64000"
    assert board.entries[-1].condition == "opus@6000"
    assert entry(board, "mp3@64000").values["pesq_wb"].rank is None
    assert entry(board, "opus@6000").values["pesq_wb"].rank is None
    assert math.isnan(entry(board, "opus@6000").values["pesq_wb"].mean)
    assert entry(board, "opus@12000").values["pesq_wb"].rank == (1, 1)


def test_a_run_of_nothing_but_failures_has_a_board(tmp_path):
    run = make_run(tmp_path / "r")
    scores = run.scores.assign(status="failed", value=math.nan)
    encodings = run.encodings.assign(status="failed", payload_bits=None, seconds=math.nan)
    board = build([with_tables(run, tmp_path / "n", scores=scores, encodings=encodings)]).boards[0]
    assert {one.n_failed for one in board.entries} == {8}
    assert all(math.isnan(value.mean) and value.rank is None for one in board.entries for value in one.values.values())


def test_a_metric_that_does_not_apply_has_no_column(tmp_path):
    run = make_run(tmp_path / "r", category="music")
    scores = run.scores.copy()
    scores.loc[scores["quantity"] == "pesq_wb", ["status", "value"]] = ["not_applicable", math.nan]
    board = build([with_tables(run, tmp_path / "n", scores=scores)]).boards[0]
    assert [column.key for column in board.columns] == ["visqol_audio"]


def test_a_condition_that_does_not_apply_is_named_below(tmp_path):
    run = make_run(tmp_path / "r")
    encodings = run.encodings.copy()
    encodings.loc[encodings["condition"] == "opus@6000", "status"] = "not_applicable"
    scores = run.scores.copy()
    scores.loc[scores["condition"] == "opus@6000", ["status", "value"]] = ["not_applicable", math.nan]
    board = build([with_tables(run, tmp_path / "n", scores=scores, encodings=encodings)]).boards[0]
    assert "opus@6000" not in {one.condition for one in board.entries}
    assert "Not applicable to any clip here: opus@6000 (first)." in board.notes


def test_one_clip_has_no_interval_and_an_open_rank(tmp_path):
    board = build([make_run(tmp_path / "r", clips=["s0"])]).boards[0]
    value = entry(board, "opus@6000").values["pesq_wb"]
    assert math.isnan(value.low)
    assert value.rank == (1, 3)


def test_a_run_of_an_older_version_without_optional_columns(tmp_path):
    run = make_run(tmp_path / "r")
    bare = replace(
        run,
        encodings=run.encodings[["run", "clip", "dataset", "category", "source", "condition", "codec", "codec_version",
                                 "role", "bitrate_bps", "sample_rate", "channels", "seconds", "payload_bits",
                                 "container_bytes", "encode_s", "decode_s", "delay_samples", "status", "reason"]],
        clips=run.clips.drop(columns=["edge_hz", "marks"]),
        info={key: run.info[key] for key in ("run", "quantities", "conditions")},
    )  # fmt: skip
    made = build([bare])
    assert not made.boards[0].entries[0].complete
    assert any("Partial: first" in note for note in made.boards[0].notes)


def test_costs_of_the_record_are_shown(tmp_path):
    costs = {
        "opus": {"parameters": None, "algorithmic_delay_s": 0.0265},
        "mp3": {"parameters": 7, "algorithmic_delay_s": "Infinity"},
    }
    board = build([make_run(tmp_path / "r", costs=costs)]).boards[0]
    assert entry(board, "opus@6000").delay_ms == pytest.approx(26.5)
    assert math.isinf(entry(board, "mp3@64000").delay_ms)
    assert entry(board, "mp3@64000").parameters == 7


def test_licences_are_those_that_are_known(tmp_path):
    own = {"name": "lyra_v2", "label": "mine", "options": {"weights": "x"}}
    text = json.dumps({"codecs": ["encodec_24khz", {"name": "lyra_v2", "label": "lyra"}, own, "nobody"]})
    conditions = {f"{name}@6000": (6000, 2.0 + i) for i, name in enumerate(["encodec_24khz", "lyra", "mine", "nobody"])}
    board = build([make_run(tmp_path / "r", conditions=conditions, config_text=text)]).boards[0]
    licences = {one.codec: one.licence for one in board.entries}
    assert licences == {"encodec_24khz": "", "lyra": "Apache-2.0", "mine": "", "nobody": ""}


@pytest.mark.parametrize(
    ("sort", "first"), [("actual_bps", "opus@6000"), ("condition", "mp3@64000"), ("pesq_wb", "passthrough")]
)
def test_sorting_by_any_column(tmp_path, sort, first):
    board = build([make_run(tmp_path / "r")], sort=sort).boards[0]
    assert board.sorted_by == sort
    assert board.entries[0].condition == first


def test_what_is_not_there_is_told(tmp_path):
    run = make_run(tmp_path / "r")
    with pytest.raises(UnknownName, match=r"no column is called 'pesq'\. Did you mean 'pesq_wb'"):
        build([run], sort="pesq")
    with pytest.raises(UnknownName, match="Did you mean 'music'"):
        build([run], category="musik")
    with pytest.raises(ConfigError, match=r"--only opsu\* matches no condition"):
        build([run], only=["opsu*"])
    with pytest.raises(ConfigError, match="expected clips that could be read and are selected"):
        build([run], category="music")


def test_only_restricts_entries_and_ranks(tmp_path):
    board = build([make_run(tmp_path / "r")], only=["opus*"]).boards[0]
    assert {one.condition for one in board.entries} == {"opus@6000", "opus@12000"}
    assert {one.values["pesq_wb"].rank_of for one in board.entries} == {2}


PAPER = [
    PublishedScore("paper", "1", "clean", 24_000, 1, "speech", "opus", "Opus", "codec", 6000, None, 30.1, 2.8),
    PublishedScore(
        "paper", "1", "clean", 24_000, 1, "speech", "encodec_24khz", "EnCodec", "codec", 6000, 4100, 83.1, 2.7
    ),
    PublishedScore("paper", "2", "stereo", 48_000, 2, "music", "mp3", "MP3", "codec", 64_000, None, 82.7, 3.2),
]


def test_published_scores_stand_beside_what_was_measured_and_are_not_ranked(tmp_path):
    made = build([make_run(tmp_path / "r")], published=PAPER)
    board, alone = made.boards
    assert alone.title == "48 kHz stereo, music"
    assert alone.sorted_by == "mushra:paper/stereo"
    assert board.sorted_by == "visqol_audio"
    column = next(one for one in board.columns if one.kind == "mushra")
    assert column.name == "mushra:paper/clean (published, not measured here)"
    value = entry(board, "EnCodec@6000", "paper").values["mushra:paper/clean"]
    assert (value.mean, value.low, value.high) == pytest.approx((83.1, 80.4, 85.8))
    assert value.rank is None
    assert entry(board, "EnCodec@6000", "paper").entropy_bps == {"stated": 4100}
    assert "mushra:paper/clean" not in entry(board, "opus@6000").values


def test_the_published_tables_of_the_repository_are_read(run):
    rows = read_published(ROOT / "results" / "published")
    assert build([run], published=[*rows, *rows]) == build([run], published=rows)
    boards = {board.title: board for board in build([run], published=rows).boards}
    entries = {one.condition: one for one in boards["48 kHz stereo, music"].entries}
    (value,) = entries["MP3@64000"].values.values()
    assert (value.mean, value.low, value.high) == pytest.approx((82.7, 79.5, 85.9))
    music = boards["24 kHz mono, music"]
    assert len(music.columns) == 2  # two sets, side by side
    assert all(column.mark == "published, not measured here" for column in music.columns)
