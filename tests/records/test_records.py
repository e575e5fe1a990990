"""A run becomes a record; whatever is changed in it afterwards is found, all of it at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.errors import ConfigError, DatasetError, StoreError
from bench.records.layout import FORMAT, TABLES
from bench.records.private import private_texts, stripped
from bench.records.publishing import publish
from bench.records.schemas import formats, json_schema, tables
from bench.records.validating import record_problems, validate
from bench.runs import results
from bench.store import sha256_of
from listening_test.analysis.frames import write_ratings
from listening_test.model import RATING_COLUMNS
from tests.listening.analysis.made import panel


def texts(folder: Path) -> list[str]:
    return [str(problem) for problem in record_problems(folder)]


def rehash(folder: Path) -> None:
    """As somebody would who corrects ``record.json`` after a change."""
    record = json.loads((folder / "record.json").read_text())
    for name in record["files"]:
        path = folder / name
        record["files"][name] = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    (folder / "record.json").write_text(json.dumps(record))


def change(folder: Path, name: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> list[str]:
    """The problems of a record whose table was changed, with its CSV file and hashes to match."""
    frame = edit(pd.read_parquet(folder / f"{name}.parquet"))
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    frame.to_csv(folder / f"{name}.csv", index=False)
    rehash(folder)
    return texts(folder)


def change_info(folder: Path, **keys: Any) -> list[str]:
    info = json.loads((folder / "run.json").read_text()) | keys
    (folder / "run.json").write_text(json.dumps(info))
    rehash(folder)
    return texts(folder)


def test_a_published_run_is_valid_and_has_no_audio_and_no_paths(published: Path, finished_run: Path) -> None:
    assert texts(published) == []
    names = sorted(path.name for path in published.rglob("*"))
    assert names == sorted(["record.json", "run.json", *(f"{t}.{s}" for t in TABLES for s in ("parquet", "csv"))])
    for path in published.iterdir():
        assert str(finished_run.parent).encode() not in path.read_bytes()
    before, after = results.load_results(finished_run), results.load_results(published)
    pd.testing.assert_frame_equal(before.scores.drop(columns="reason"), after.scores.drop(columns="reason"))
    pd.testing.assert_frame_equal(before.sets.drop(columns="reason"), after.sets.drop(columns="reason"))
    assert list(after.clips["path"]) == ["broken.wav", "s0.wav", "s1.wav", "m.flac"]
    failed = after.encodings[after.encodings["status"] == "failed"]
    assert len(failed) == 3
    assert failed["reason"].str.contains("broken.wav").all()


def test_publishing_twice_gives_the_same_bytes_and_refuses_another(
    finished_run: Path, run_copy: Callable[[], Path], tmp_path: Path
) -> None:
    first = publish(finished_run, tmp_path / "a")
    again = publish(finished_run, tmp_path / "a")
    other = publish(finished_run, tmp_path / "b")
    assert (first.written, again.written) == (True, False)
    for name in first.files:
        assert (first.folder / name).read_bytes() == (other.folder / name).read_bytes()
    folder = run_copy()
    encodings = pd.read_parquet(folder / "encodings.parquet")
    encodings.assign(encode_s=1.0).to_parquet(folder / "encodings.parquet", index=False)
    with pytest.raises(StoreError, match=r"another record is there already \(other: .*encodings.csv"):
        publish(folder, tmp_path / "a")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine"]


def test_a_partial_run_is_refused_or_marked(run_copy: Callable[[], Path], tmp_path: Path) -> None:
    folder = run_copy()
    info = json.loads((folder / "run.json").read_text())
    scores = pd.read_parquet(folder / "scores.parquet")
    scores[scores["condition"] != "opus@12000"].to_parquet(folder / "scores.parquet", index=False)
    (folder / "run.json").write_text(json.dumps(info | {"complete": False, "missing_cells": 12}))
    with pytest.raises(StoreError, match=r"12 cells are missing.*--partial"):
        publish(folder, tmp_path / "public")
    done = publish(folder, tmp_path / "public", partial=True)
    assert json.loads((done.folder / "record.json").read_text())["complete"] is False
    (problem,) = change_info(done.folder, missing_cells=3)
    assert "at least 12, got 3" in problem
    found = change_info(done.folder, complete=True, missing_cells=0)
    assert any("cells were removed" in one for one in found)
    assert any("complete: not that of run.json" in one for one in found)


def first(name: str, column: str, value: Any, status: str = "ok") -> tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]:
    """An edit of one cell, of the first row with that status."""

    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        row = int((frame["status"] == status).to_numpy().argmax()) if "status" in frame else 0
        frame.loc[row, column] = value
        return frame

    return name, edit


def halved_rate(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(seconds=2 * frame["seconds"], actual_bps=frame["actual_bps"] / 2)


EDITS = {
    "the first condition": ("scores", lambda f: f[f["condition"] != "passthrough"], "cells were removed"),
    "one encoding": ("encodings", lambda f: f.drop(index=4), "encodings.parquet: cells were removed"),
    "a set": ("sets", lambda f: f.drop(index=0), "sets.parquet: cells were removed"),
    "a row twice": ("scores", lambda f: pd.concat([f, f.tail(1)]), "there more than once"),
    "a clip": ("clips", lambda f: f.drop(index=1), "cells that nobody planned"),
    "a number that failed": (*first("scores", "value", 3.5, "failed"), "a number in rows that failed"),
    "no number": (*first("scores", "value", None), "ok without a value"),
    "no reason": (*first("scores", "reason", "", "failed"), "rows without a reason"),
    "a status": (*first("scores", "status", "fine"), "ok, undefined, not_applicable, failed, got 'fine'"),
    "a category": (*first("encodings", "category", "jazz"), "got 'jazz'"),
    "another category": (*first("scores", "category", "music"), "column category: not that of the clip"),
    "bits": (*first("encodings", "payload_bits", 8), "the bits do not add up"),
    "a rate": (*first("encodings", "actual_bps", 6000.0), "actual_bps: the bits do not add up"),
    "a hash": (*first("encodings", "decoded_sha256", "abc"), "text that matches [0-9a-f]{64}, got 'abc'"),
    "a clip's hash": (*first("clips", "sha256", ""), "column sha256: cells are empty"),
    "a codec": (*first("encodings", "codec", "opus2"), "codecs that the configuration does not name"),
    "another run": (*first("scores", "run", "yours"), "rows of another run: expected mine, got yours"),
    "a version": (*first("scores", "metric_version", "x 2"), "not what run.json says"),
    "a path": (*first("scores", "reason", "see /home/jo/a.wav"), "got '/home/jo/a.wav'"),
    "a column": ("scores", lambda f: f.rename(columns={"value": "valeu"}), "columns are missing: expected value"),
    "a type": ("scores", lambda f: f.assign(value=f["value"].astype("string")), "another type: expected number"),
    "half the rate": ("encodings", halved_rate, "column seconds: not the length of the clip"),
    "a role": (*first("encodings", "role", "codec"), "column role: not that of the first clip"),
    "a licence": (*first("clips", "licence", "CC0-1.0"), "column licence: not that of the configuration"),
    "a time": (*first("encodings", "encode_s", -1.0), "at least 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_every_change_of_a_table_is_found(record: Path, what: str) -> None:
    name, edit, expected = EDITS[what]
    found = change(record, name, edit)
    assert any(expected in one for one in found), found


def test_a_value_out_of_the_range_of_its_quantity(record: Path) -> None:
    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        row = int(((frame["quantity"] == "stoi") & (frame["status"] == "ok")).to_numpy().argmax())
        frame.loc[row, "value"] = 1.5
        return frame

    (problem,) = change(record, "scores", edit)
    assert "stoi: out of range: expected at most 1, got 1 row (clip speech/s0, condition passthrough" in problem


def test_a_score_of_audio_that_does_not_exist(record: Path) -> None:
    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        failed = frame["status"] == "failed"
        return frame.assign(
            status=frame["status"].mask(failed, "ok"), value=frame["value"].mask(failed, 0.5), reason=""
        )

    found = change(record, "scores", edit)
    assert any("scores of audio that does not exist: expected an encoding that is ok, got 9 rows" in x for x in found)


def test_csv_and_parquet_must_agree(record: Path) -> None:
    path = record / "scores.csv"
    lines = path.read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines) if ",inf," in line and "s0,speech" in line and ",si_sdr," in line]
    path.write_text("\n".join([*lines[:number], lines[number].replace("inf", "30.0"), *lines[number + 1 :]]) + "\n")
    rehash(record)
    (problem,) = texts(record)
    assert (
        f"column value, row {number}: other values than in Parquet: expected inf, got 30.0 (1 rows differ)" in problem
    )
    path.write_text("\n".join(lines[:-1]) + "\n")
    rehash(record)
    assert "other rows than in Parquet" in texts(record)[0]


def test_files_that_are_changed_missing_or_too_many(record: Path) -> None:
    (record / "scores.csv").unlink()
    (record / "clip.flac").write_bytes(b"audio")
    (record / "run.json").write_bytes((record / "run.json").read_bytes() + b"\n")
    found = texts(record)
    assert any("a file is missing: expected scores.csv" in one for one in found)
    assert any("a file that does not belong into a record" in one and "clip.flac" in one for one in found)
    assert any("run.json: it is not the file that was published: expected SHA-256" in one for one in found)
    assert any("record is too large: expected at most 0.01 MB" in str(one) for one in record_problems(record, 10_000))
    (record / "record.json").unlink()
    assert any("expected record.json, got no such file" in one for one in texts(record))


def test_run_json_follows_its_schema(record: Path) -> None:
    info = json.loads((record / "run.json").read_text())
    (problem,) = change_info(record, seed="0")
    assert "run.json, seed: it does not follow the schema: expected integer, got '0'" in problem
    info.pop("resampler")
    (record / "run.json").write_text(json.dumps(info | {"conditions": []}))
    found = [one for one in texts(record) if "schema" in one]
    assert any("the key 'resampler'" in one for one in found)
    assert any("run.json, conditions:" in one for one in found)
    assert all("bench/records/schema/run-1.json" in one for one in found)


def test_names_and_conditions_are_those_of_the_configuration(record: Path) -> None:
    info = json.loads((record / "run.json").read_text())
    text = info["config_text"].replace("toy_rvq", "toy_rqv")
    found = change_info(record, config_text=text)
    assert any(
        "no codec has that name: expected a known name, got toy_rqv" in one and "--plugin" in one for one in found
    )
    assert any("conditions: not those of the configuration" in one and "without toy_rqv@6000" in one for one in found)
    found = change_info(record, config_text=info["config_text"], conditions=info["conditions"][:2])
    assert any("got without toy_rvq@6000" in one for one in found)
    quantities = {("made_up" if name == "snr" else name): about for name, about in info["quantities"].items()}
    found = change_info(record, quantities=quantities)
    assert any("no metric has that name: expected a known name, got made_up" in one for one in found)


def test_a_metric_cannot_be_left_out(record: Path) -> None:
    info = json.loads((record / "run.json").read_text())
    info["quantities"].pop("snr")
    (record / "run.json").write_text(json.dumps(info))
    found = change(record, "scores", lambda frame: frame[frame["quantity"] != "snr"])
    assert any("metrics were removed: expected what the configuration names, with snr" in one for one in found)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\x00broken"])
@pytest.mark.parametrize("names", [["record.json"], ["run.json"], ["clips.parquet", "scores.csv", "sets.parquet"]])
def test_no_damage_stops_the_check(record: Path, names: list[str], content: bytes) -> None:
    for name in names:
        (record / name).write_bytes(content)
    assert all(any(name in one for one in texts(record)) for name in names)


@pytest.mark.parametrize("name", ["clips", "encodings", "scores", "sets"])
def test_an_empty_table_is_told(record: Path, name: str) -> None:
    assert any("cells" in one for one in change(record, name, lambda frame: frame.iloc[:0]))


def test_a_link_is_no_file(record: Path, tmp_path: Path) -> None:
    kept = (record / "scores.csv").rename(tmp_path / "scores.csv")
    (record / "scores.csv").symlink_to(kept)
    (problem,) = texts(record)
    assert "a link in place of a file" in problem


def test_a_plug_in_is_declared_with_its_package(run_copy: Callable[[], Path], tmp_path: Path) -> None:
    folder = run_copy()
    info = json.loads((folder / "run.json").read_text())
    name = "nowhere_to_be_found:Codec"
    text = info["config_text"].replace("'name': 'toy_rvq'", f"'name': '{name}', 'label': 'toy_rvq'")
    (folder / "run.json").write_text(json.dumps(info | {"config_text": text}))
    with pytest.raises(DatasetError, match=f"no codec has that name: expected a known name, got {name}"):
        publish(folder, tmp_path / "public")
    with pytest.raises(ConfigError, match="the run uses nothing that is called other"):
        publish(folder, tmp_path / "public", plugins={"other": "x"})
    done = publish(folder, tmp_path / "public", plugins={name: "found-nowhere 1.0"})
    assert json.loads((done.folder / "record.json").read_text())["plugins"] == {name: "found-nowhere 1.0"}
    assert texts(done.folder) == []


def ratings_of(run: Path) -> pd.DataFrame:
    """Eight people rated what the run has decoded of one clip."""
    coded = pd.read_parquet(run / "encodings.parquet").query("condition == 'opus@12000' and status == 'ok'").iloc[0]
    rated = panel(clips=2)
    systems = rated["role"] == "system"
    return rated.assign(
        test="heard",
        run=rated["run"].mask(systems, "mine"),
        decoded_sha256=rated["decoded_sha256"].mask(systems, coded["decoded_sha256"]),
        score=rated["score"].clip(0, 100),
        submitted="2026-01-02T03:04:05+00:00",
    )


def test_ratings_are_published_with_pseudonyms_only(finished_run: Path, tmp_path: Path) -> None:
    ratings = ratings_of(finished_run)
    write_ratings(tmp_path / "test" / "ratings.parquet", ratings)
    done = publish(finished_run, tmp_path / "public", ratings=[tmp_path / "test"])
    assert {"ratings/heard.parquet", "ratings/heard.csv"} <= set(done.files)
    kept = pd.read_parquet(done.folder / "ratings" / "heard.parquet")
    assert set(kept["submitted"]) == {"2026-01-02"}
    assert list(kept.columns) == list(RATING_COLUMNS)
    for wrong, expected in (
        ({"listener": "jo.doe@example.org"}, "column listener: "),
        ({"reason": "told me that she was tired"}, "column reason: "),
        ({"simulated": True}, "nobody listened"),
        ({"score": 101.0}, "at most 100"),
        ({"run": "another"}, "no rating is of this run: expected mine, got another"),
    ):
        write_ratings(tmp_path / "test" / "ratings.parquet", ratings.assign(**wrong))
        with pytest.raises(DatasetError) as error:
            publish(finished_run, tmp_path / "other", ratings=[tmp_path / "test"])
        assert expected in str(error.value)
    assert list((tmp_path / "other").iterdir()) == []
    other = ratings.assign(decoded_sha256=ratings["decoded_sha256"].mask(ratings["role"] == "system", "0" * 64))
    write_ratings(tmp_path / "test" / "ratings.parquet", other)
    with pytest.raises(DatasetError, match="ratings of other audio"):
        publish(finished_run, tmp_path / "other", ratings=[tmp_path / "test"])


def test_the_folder_has_the_name_of_the_run(record: Path) -> None:
    renamed = record.rename(record.with_name("yours"))
    assert "the folder has another name: expected mine, got yours" in texts(renamed)[0]


def test_shuffled_rows_and_another_order_of_columns_change_nothing(record: Path) -> None:
    assert change(record, "scores", lambda frame: frame.sample(frac=1, random_state=1)) == []


def test_what_is_looked_at(record: Path, tmp_path: Path) -> None:
    (record.parent / "notes.txt").write_text("stray")
    seen, problems = validate([record.parents[1]])
    assert seen == [record]
    assert ["a file beside the records" in str(one) for one in problems] == [True]
    with pytest.raises(StoreError, match="there is no such folder"):
        validate([tmp_path / "nothing"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="codecbench results publish RUN"):
        validate([tmp_path / "empty"])


def test_the_schemas_describe_the_tables_that_a_run_writes() -> None:
    assert formats() == [FORMAT]
    written = {
        "clips": results.CLIP_COLUMNS,
        "encodings": results.ENCODING_COLUMNS,
        "scores": results.SCORE_COLUMNS,
        "sets": results.SET_COLUMNS,
        "ratings": RATING_COLUMNS,
    }
    types = {"string": "string", "int64": "integer", "Int64": "integer", "float64": "number", "boolean": "boolean"}
    for name, columns in written.items():
        described = tables(FORMAT)[name].columns
        assert {column: about.type for column, about in described.items()} == {
            column: types[kind] for column, kind in columns.items()
        }
        assert all(about.about for about in described.values())
    for name in ("run", "record"):
        from jsonschema import Draft202012Validator

        Draft202012Validator.check_schema(json_schema(name, FORMAT))


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("/home/jo/data/a.wav: cannot be read", ["/home/jo/data/a.wav"]),
        ('{"path": "/mnt/x/y.wav"}', ["/mnt/x/y.wav"]),
        (r"C:\Users\jo\a.wav", [r"C:\Users\jo\a.wav"]),
        ("file:///srv/audio/b.flac", ["file:///srv/audio/b.flac"]),
        ("~/speech/a.wav", ["~/speech/a.wav"]),
        ("encodec_24khz,weights=_home_jo_w@6000", ["=_home_jo_w@6000"]),
        ("mail jo@example.org", ["jo@example.org"]),
        ("https://example.org/a/b and CC BY-NC-SA 3.0/4.0, kbit/s, speech/a/b.wav, ../data/x.wav", []),
        ("decoded/opus@12000/clip.ab12.flac", []),
    ],
)
def test_what_is_private(text: str, private: list[str]) -> None:
    assert private_texts(text) == private
    if private and "=_" not in text and "@e" not in text:
        assert private_texts(stripped(text)) == []


def test_a_clip_that_is_taken_out_of_every_table_is_missed(published: Path) -> None:
    gone = pd.read_parquet(published / "clips.parquet")["clip"].iloc[0]
    for name in ("clips", "encodings", "scores"):
        found = change(published, name, lambda table: table[table["clip"] != gone])
    assert any("clips were taken away" in text for text in found)
