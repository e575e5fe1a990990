"""The published table against the numbers of arXiv 2210.13438, typed again; and configurations that cover its grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import codecs, config
from bench.domain import Condition
from bench.errors import CodecbenchError, ConfigError, DatasetError, StoreError
from bench.records.names import planned_conditions
from bench.records.published import PublishedScore, published_problems, read_published, read_source
from bench.records.validating import validate
from bench.runner import load_plan
from tests.conftest import ROOT

TABLE = ROOT / "results" / "published" / "encodec_2210.13438.csv"
SETS = ("clean_speech", "noisy_speech", "music_set_1", "music_set_2")

# Table 1: codec, kbit/s, kbit/s after entropy coding: mean and 95 % interval of each of SETS
MONO = {
    ("Reference", None, None): [(95.5, 1.6), (93.9, 1.8), (93.2, 2.5), (97.1, 1.3)],
    ("Opus", 6.0, None): [(30.1, 2.8), (19.1, 5.9), (20.6, 5.8), (17.9, 5.3)],
    ("Opus", 12.0, None): [(76.5, 2.3), (61.9, 2.1), (77.8, 3.2), (65.4, 2.7)],
    ("EVS", 9.6, None): [(84.4, 2.5), (80.0, 2.4), (89.9, 2.3), (87.7, 2.3)],
    ("Lyra-v2", 3.0, None): [(53.1, 1.9), (52.0, 4.7), (69.3, 3.3), (42.3, 3.5)],
    ("Lyra-v2", 6.0, None): [(66.2, 2.9), (59.9, 3.3), (75.7, 2.6), (48.6, 2.1)],
    ("EnCodec", 1.5, 0.9): [(49.2, 2.4), (41.3, 3.6), (68.2, 2.2), (66.5, 2.3)],
    ("EnCodec", 3.0, 1.9): [(67.0, 1.5), (62.5, 2.3), (89.6, 3.1), (87.8, 2.9)],
    ("EnCodec", 6.0, 4.1): [(83.1, 2.7), (69.4, 2.3), (92.9, 1.8), (91.3, 2.1)],
    ("EnCodec", 12.0, 8.9): [(90.6, 2.6), (80.1, 2.5), (91.8, 2.5), (92.9, 1.2)],
}
STEREO = {
    ("Reference", None, None): (95.1, 1.8),
    ("MP3", 64.0, None): (82.7, 3.2),
    ("Opus", 6.0, None): (17.7, 5.9),
    ("Opus", 24.0, None): (82.9, 3.7),
    ("EnCodec", 6.0, 4.2): (82.9, 2.4),
    ("EnCodec", 12.0, 8.9): (88.0, 2.7),
    ("EnCodec", 24.0, 19.4): (87.5, 2.6),
}
NOT_RUNNABLE = {"evs@9600"}  # its programs may not be distributed: 3GPP TS 26.443, to be built by the user
NEAREST = {"lyra_v2@3000": "lyra_v2@3200"}  # Lyra v2 has no mode of 3.0 kbit/s


def by_cell() -> dict[tuple[object, ...], tuple[float, float]]:
    def kbps(bps: int | None) -> float | None:
        return None if bps is None else bps / 1000

    return {
        (row.table, row.set, row.label, kbps(row.nominal_bps), kbps(row.entropy_bps)): (row.mean, row.ci95)
        for row in read_published(TABLE)
    }


def test_every_number_is_that_of_the_paper() -> None:
    expected: dict[tuple[object, ...], tuple[float, float]] = {
        ("1", name, *row): cell for row, cells in MONO.items() for name, cell in zip(SETS, cells, strict=True)
    }
    expected |= {("stereo", "music", *row): cell for row, cell in STEREO.items()}
    assert len(expected) == 47
    assert by_cell() == expected


def test_every_row_has_its_place_and_our_name_of_the_codec() -> None:
    rows = read_published(ROOT / "results")
    assert rows == read_published(TABLE.parent) == read_published(TABLE)
    assert {(row.table, row.sample_rate, row.channels) for row in rows} == {("1", 24_000, 1), ("stereo", 48_000, 2)}
    assert {row.set: row.category for row in rows} == {
        "clean_speech": "speech",
        "noisy_speech": "noisy_reverberant_speech",
        "music_set_1": "music",
        "music_set_2": "music",
        "music": "music",
    }
    ours = {
        "Reference": {"passthrough"},
        "Opus": {"opus"},
        "EVS": {"evs"},
        "Lyra-v2": {"lyra_v2"},
        "MP3": {"mp3"},
        "EnCodec": {"encodec_24khz", "encodec_48khz"},
    }
    for label, names in ours.items():
        assert {row.codec for row in rows if row.label == label} == names
        assert names <= set(codecs.names())
    assert {row.role for row in rows if row.label == "Reference"} == {"control"}
    assert {row.source for row in rows} == {"encodec_2210.13438"}
    source = read_source(TABLE)
    assert (source.kind, source.measure) == ("published", "mushra")
    assert source.citation == (
        "Alexandre Défossez, Jade Copet, Gabriel Synnaeve, Yossi Adi: High Fidelity Neural Audio Compression, 2022. "
        "https://arxiv.org/abs/2210.13438"
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("30.1,2.8", "130.1,2.8", "line 3, mean: another value: expected 0 to 100, got 130.1"),
        ("30.1,2.8", "nan,2.8", "line 3, mean: it cannot be read: expected a number, got 'nan'"),
        ("clean_speech,24000,1,speech,opus", "clean_speech,24000,1,talk,opus", "expected one of speech, noisy_rev"),
        ("speech,opus,Opus,codec,6000", "speech,opsu,Opus,codec,6000", "a codec of ours. Did you mean 'opus'?"),
        ("codec,1500,900", "codec,1500,1900", "entropy_bps: another value: expected at most nominal_bps, got 1900"),
        ("codec,12000,,76.5", "codec,6000,,76.5", "a cell is there twice: expected once, got the cell of line 3"),
        ("95.5,1.6", "95.5,1.6,7", "too many cells"),
        ("table,set", "table,sets", "wrong columns: expected table, set,"),
    ],
)
def test_a_fault_in_a_published_table_is_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = tmp_path / TABLE.name
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    path.with_suffix(".json").write_bytes(TABLE.with_suffix(".json").read_bytes())
    assert any(expected in str(problem) for problem in published_problems(path)), published_problems(path)
    with pytest.raises(DatasetError):
        read_published(path)


def test_the_leaderboard_of_a_results_folder_is_no_published_table(tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    for suffix, text in ((".csv", "sample_rate\n24000\n"), (".json", "{}")):
        (tmp_path / "leaderboard").with_suffix(suffix).write_text(text)
    with pytest.raises(DatasetError, match="expected published tables"):
        read_published(tmp_path)
    with pytest.raises(StoreError, match="there is none"):
        validate([tmp_path])


def test_a_table_without_a_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / TABLE.name
    path.write_bytes(TABLE.read_bytes())
    with pytest.raises(DatasetError, match=r"encodec_2210.13438.json: it cannot be read"):
        read_published(tmp_path)
    path.with_suffix(".json").write_text('{"kind": "measured"}')
    assert "wrong keys" in str(published_problems(path)[0])
    path.unlink()
    with pytest.raises(DatasetError, match="expected published tables"):
        read_published(tmp_path)


def grid(rows: list[PublishedScore]) -> set[str]:
    """The conditions of a published table, in our names."""
    ids = {Condition(row.codec, row.nominal_bps).id for row in rows}
    return {NEAREST.get(name, name) for name in ids}


@pytest.mark.parametrize(("name", "table"), [("encodec_24khz", "1"), ("encodec_48khz", "stereo")])
def test_the_configurations_have_every_row_of_their_table(name: str, table: str) -> None:
    rows = [row for row in read_published(TABLE) if row.table == table]
    path = config.shipped()[name]
    data, text = config.mapping_of(path)
    planned = {condition.id for condition in planned_conditions(text)}
    absent = grid(rows) - planned
    assert absent == {one for one in NOT_RUNNABLE if one in grid(rows)}
    if absent:
        assert "EVS at 9.6 kbit/s" in text
        assert "3GPP TS 26.443" in text
        (line,) = [line for line in text.splitlines() if "{name: evs" in line]
        with_evs = text.replace(line, line.replace("# ", "", 1))
        assert grid(rows) <= {condition.id for condition in planned_conditions(with_evs)}
    assert (data["sample_rate"], data["channels"]) == (rows[0].sample_rate, rows[0].channels)
    datasets = {item["name"] for item in data["datasets"]}
    assert {row.set for row in rows} - {"music"} <= datasets
    (encodec,) = [item for item in data["codecs"] if isinstance(item, dict) and item["name"] == name]
    assert encodec["options"]["language_model"].startswith("encodec_lm_")


def test_the_listening_test_has_every_row_of_table_1() -> None:
    data, text = config.mapping_of(config.shipped_tests()["mushra_encodec_paper"])
    rows = [row for row in read_published(TABLE) if row.table == "1"]
    assert set(data["conditions"]) == grid(rows) - NOT_RUNNABLE - {
        "passthrough"
    }  # the hidden reference is the preset's
    assert [(item["dataset"], item["count"]) for item in data["clips"]] == [(name, 50) for name in SETS]
    stereo = grid([row for row in read_published(TABLE) if row.table == "stereo"]) - {"passthrough"}
    assert all(name in text for name in stereo)
    assert "evs@9600" in text


@pytest.mark.parametrize("name", ["encodec_24khz", "encodec_48khz"])
def test_a_dry_run_of_the_grid_says_what_is_missing_and_how_to_get_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(CodecbenchError) as error:
        load_plan(name, data=tmp_path, cache=tmp_path / "cache")
    said = str(error.value)
    for missing in ("dns_clean --subset read_speech", "dns_rooms", "fsd50k --subset eval", "mtg_jamendo", "musdb18_hq"):
        assert f"codecbench data fetch {missing}" in said
    if isinstance(error.value, ConfigError):  # weights are missing, too
        assert "codecbench weights fetch" in said
        assert said.count("codecbench data fetch dns_clean") == 1  # each set once, with all its places
    assert sorted(tmp_path.rglob("*.wav")) == []
