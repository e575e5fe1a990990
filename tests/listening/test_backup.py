"""Backups: of one moment while people listen, into either database, and nothing that is damaged or overwritten."""

from __future__ import annotations

import json
import shutil
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from bench.errors import StoreError
from listening_test.cli import app
from listening_test.model import DATABASE, STIMULI, TEST, load_test
from listening_test.ratings.database import Database
from listening_test.session import Sessions
from listening_test.session.archive import CONTENTS, Contents, reading
from listening_test.session.backup import back_up, restore
from tests.listening.conftest import tiny_test
from tests.listening.listeners import do_all, do_trial, event, joined


@pytest.fixture
def test_folder(tmp_path: Path, database_url: str) -> Iterator[tuple[Path, Sessions, str]]:
    """A test with a listener who finished, one in mid-trial, one who withdrew and one who never came."""
    folder = tmp_path / "one"
    sessions = Sessions(tiny_test(folder), folder, database_url)
    do_all(joined(sessions))
    going = joined(sessions, "another tab")
    do_trial(going)
    going.record([event("rate", going.trial, going.trial.slots[1], 62.5)])
    going.answer("comment", {"text": "zero \0, quote ', umlaut ü, \N{GRINNING FACE}"})
    joined(sessions).withdraw()
    sessions.invite(1, "a note")
    yield folder, sessions, database_url
    sessions.dispose()


def everything(sessions: Sessions) -> list[object]:
    return [sessions.progress(), sessions.export_rows(), sessions.event_rows(), sessions.answer_rows(), sessions.closed]


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_comes_back_in_either_database(
    test_folder: tuple[Path, Sessions, str], target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder, sessions, url = test_folder
    sessions.close()
    [listening] = [row for row in sessions.progress() if row.status == "running"]
    contents = back_up(folder, tmp_path / "backup.zip", url)
    assert stat.S_IMODE((tmp_path / "backup.zip").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "one"]
    other = "" if target == "sqlite" else request.getfixturevalue("empty_postgresql")
    if other:  # ids of the database are taken by another test
        strange = tmp_path / "strange"
        strangers = Sessions(tiny_test(strange, name="strange"), strange, other)
        do_all(joined(strangers))
        before = everything(strangers)
    assert restore(tmp_path / "backup.zip", tmp_path / "two", other) == contents
    again = Sessions(load_test(tmp_path / "two"), tmp_path / "two", other)
    assert everything(again) == everything(sessions)
    assert again.test == sessions.test
    assert contents.rows["sessions"] == 4
    assert contents.rows["events"] == len(sessions.event_rows())
    if other:
        assert everything(strangers) == before
        strangers.dispose()
    again.reopen()
    assert [row.trials_done for row in again.progress() if row.listener == listening.listener] == [
        listening.trials_done
    ]
    again.dispose()


@pytest.fixture
def empty_postgresql(postgresql: str) -> str:
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS restored CASCADE")
        connection.execute("CREATE SCHEMA restored")
    return f"{postgresql}?options=-csearch_path%3Drestored"


def test_a_link_goes_on_where_it_was(test_folder: tuple[Path, Sessions, str], tmp_path: Path) -> None:
    folder, sessions, url = test_folder
    [token] = sessions.invite(1)
    visit = sessions.open(token, "tab")
    visit.answer("consent", {"agreed": True})
    back_up(folder, tmp_path / "backup.zip", url)
    restore(tmp_path / "backup.zip", tmp_path / "two")
    again = Sessions(load_test(tmp_path / "two"), tmp_path / "two")
    there = again.open(token, "other tab")
    assert there.listener == visit.listener
    assert there.step == visit.step
    do_all(there)
    assert again.audio(sessions_slot(again)).startswith(b"RIFF")
    again.dispose()


def sessions_slot(sessions: Sessions) -> str:
    """Any slot of a session."""
    return str(sessions._database.read(lambda connection: connection.execute(text("SELECT id FROM slots")).scalar()))


def test_a_backup_is_of_one_moment_while_people_listen(tmp_path: Path, database_url: str) -> None:
    folder = tmp_path / "one"
    sessions = Sessions(tiny_test(folder), folder, database_url)
    visits = [joined(sessions, f"tab {index}") for index in range(4)]
    trials = [visit.trial for visit in visits]
    over, saved = threading.Event(), [0] * len(visits)

    def listen(index: int) -> None:
        while not over.is_set():
            saved[index] += 1
            visits[index].record([event("rate", trials[index], trials[index].slots[0], float(saved[index] % 101))])

    threads = [threading.Thread(target=listen, args=(index,)) for index in range(len(visits))]
    for thread in threads:
        thread.start()
    before = list(saved)
    for number in range(3):
        back_up(folder, tmp_path / f"{number}.zip", database_url)
    after = list(saved)
    over.set()
    for thread in threads:
        thread.join(30)
    assert sum(after) > sum(before)
    for number in range(3):
        with reading(tmp_path / f"{number}.zip") as archive:
            last = {row["session"]: row for row in archive.table("events") if row["kind"] == "rate"}
            scores = {row["session"]: row for row in archive.table("ratings")}
        assert {session: row["value"] for session, row in last.items()} == {
            session: row["score"] for session, row in scores.items()
        }
    sessions.dispose()


def test_sounds_may_be_left_out_and_then_have_to_be_there(
    finished: tuple[Path, Path, Contents], tmp_path: Path
) -> None:
    folder, backup = finished[0], tmp_path / "small.zip"
    sessions = Sessions(load_test(folder), folder)
    assert not back_up(folder, backup, stimuli=False).included
    with pytest.raises(StoreError, match=f"Copy {STIMULI}/"):
        restore(backup, tmp_path / "two")
    shutil.copytree(folder / STIMULI, tmp_path / "two" / STIMULI)
    restore(backup, tmp_path / "two")
    again = Sessions(load_test(tmp_path / "two"), tmp_path / "two")
    assert everything(again) == everything(sessions)
    for each in (sessions, again):
        each.dispose()


def test_nothing_is_overwritten(test_folder: tuple[Path, Sessions, str], tmp_path: Path) -> None:
    folder, sessions, url = test_folder
    backup = tmp_path / "backup.zip"
    back_up(folder, backup, url)
    before, rows = backup.read_bytes(), everything(sessions)
    with pytest.raises(StoreError, match="overwrites nothing"):
        back_up(folder, backup, url)
    with pytest.raises(StoreError, match="holds 4 sessions"):
        restore(backup, folder, url)
    tiny_test(tmp_path / "two", name="another")
    with pytest.raises(StoreError, match="another test"):
        restore(backup, tmp_path / "two")
    assert not (tmp_path / "two" / DATABASE).exists()
    assert backup.read_bytes() == before
    assert everything(sessions) == rows


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Contents]:
    """The folder of a test that one listener finished, and its backup: for tests that write to neither."""
    folder = tmp_path_factory.mktemp("finished")
    sessions = Sessions(tiny_test(folder / "one"), folder / "one")
    do_all(joined(sessions))
    sessions.dispose()
    return folder / "one", folder / "backup.zip", back_up(folder / "one", folder / "backup.zip")


def changed(path: Path, name: str, content: bytes | None) -> None:
    """Write the archive again with a part replaced, or left out."""
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for one, old in parts.items():
            if one != name:
                archive.writestr(one, old)
            elif content is not None:
                archive.writestr(one, content)


@pytest.mark.parametrize("damage", ["cut", "flipped", "row", "test", "missing", "sound", "text", "contents", "path"])
def test_a_damaged_backup_restores_nothing(finished: tuple[Path, Path, Contents], tmp_path: Path, damage: str) -> None:
    folder, made, contents = finished
    backup = Path(shutil.copy(made, tmp_path))
    whole = backup.read_bytes()
    if damage == "cut":
        backup.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        middle = len(whole) // 3
        backup.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    elif damage == "text":
        backup.write_text("no archive")
    elif damage == "row":
        with reading(backup) as archive:
            rows = list(archive.table("ratings"))
        rows[0]["score"] += 1
        changed(backup, "tables/ratings.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    elif damage == "test":
        changed(backup, TEST, (folder / TEST).read_bytes() + b" ")
    elif damage == "missing":
        changed(backup, "tables/answers.jsonl", None)
    elif damage == "sound":
        changed(backup, f"{STIMULI}/{contents.stimuli[0]}.wav", b"RIFF")
    elif damage == "contents":
        changed(backup, CONTENTS, b"[]")
    else:
        with zipfile.ZipFile(backup) as archive:
            said = json.loads(archive.read(CONTENTS))
        changed(backup, CONTENTS, json.dumps({**said, "stimuli": ["../../outside"]}).encode())
    with pytest.raises(StoreError, match="backup"):
        restore(backup, tmp_path / "two")
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("test", 1), ("made", None), ("codecbench", 0.1), ("schema", []), ("stimuli", [7]), ("included", "yes"),
        ("rows", []), ("rows", {"tests": 1}), ("sha256", "none"), ("stimuli", ["0" * 63]),
    ],
)  # fmt: skip
def test_contents_of_another_shape_restore_nothing(
    finished: tuple[Path, Path, Contents], tmp_path: Path, name: str, value: object
) -> None:
    backup = Path(shutil.copy(finished[1], tmp_path))
    with zipfile.ZipFile(backup) as archive:
        said = json.loads(archive.read(CONTENTS))
    changed(backup, CONTENTS, json.dumps({**said, name: value}).encode())
    with pytest.raises(StoreError, match="names other tables or sounds"):
        restore(backup, tmp_path / "two")
    assert not (tmp_path / "two").exists()


def test_another_schema_names_the_version_that_can_restore_it(
    finished: tuple[Path, Path, Contents], tmp_path: Path
) -> None:
    backup = Path(shutil.copy(finished[1], tmp_path))
    with zipfile.ZipFile(backup) as archive:
        said = json.loads(archive.read(CONTENTS))
    changed(backup, CONTENTS, json.dumps({**said, "schema": "0001", "codecbench": "0.1"}).encode())
    with pytest.raises(StoreError, match=r"Restore it with codecbench 0\.1"):
        restore(backup, tmp_path / "two")


def test_a_row_that_the_database_changes_is_noticed(finished: tuple[Path, Path, Contents], tmp_path: Path) -> None:
    """A trigger of a foreign hand stands for a database that keeps something else than it was told."""
    two = Sessions(tiny_test(tmp_path / "two"), tmp_path / "two")
    trigger = "CREATE TRIGGER wrong AFTER INSERT ON ratings BEGIN UPDATE ratings SET score = 1 WHERE stimulus = 2; END"
    two._database.write(lambda connection: connection.execute(text(trigger)))
    with pytest.raises(StoreError, match="table ratings: expected the row"):
        restore(finished[1], tmp_path / "two")
    assert two.progress() == []
    two.dispose()


def test_a_count_that_is_not_that_of_the_rows_is_noticed(finished: tuple[Path, Path, Contents], tmp_path: Path) -> None:
    backup = Path(shutil.copy(finished[1], tmp_path))
    with zipfile.ZipFile(backup) as archive:
        said = json.loads(archive.read(CONTENTS))
    rows = said["rows"]["ratings"]
    changed(backup, CONTENTS, json.dumps({**said, "rows": {**said["rows"], "ratings": rows + 1}}).encode())
    with pytest.raises(StoreError) as told:
        restore(backup, tmp_path / "two")
    assert str(told.value).endswith(
        f"table ratings: expected {rows + 1} rows, got {rows}. Nothing was restored; use another copy."
    )


def test_the_commands(tmp_path: Path) -> None:
    folder, backup = tmp_path / "one", tmp_path / "backup.zip"
    tiny_test(folder)
    with pytest.raises(StoreError, match="nothing was saved yet"):
        back_up(folder, backup)
    Database(f"sqlite:///{folder / DATABASE}").dispose()
    with pytest.raises(StoreError, match="knows no test 'tiny'"):
        back_up(folder, backup)
    sessions = Sessions(load_test(folder), folder)
    do_all(joined(sessions))
    sessions.dispose()
    run = CliRunner().invoke
    made = run(app, ["backup", str(folder), "--output", str(backup)])
    assert made.exit_code == 0, made.output
    assert "1 sessions" in made.output
    back = run(app, ["restore", str(backup), str(tmp_path / "two"), "--json"])
    assert back.exit_code == 0, back.output
    assert json.loads(back.stdout)["rows"]["sessions"] == 1
