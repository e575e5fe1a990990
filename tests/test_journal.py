"""What many processes write into one folder at the same time: nothing is lost, nothing counts twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.engines.scratch import own_scratch
from bench.errors import StoreError
from bench.journal import Journal, Records
from bench.journal.key_index import RECENT, KeyIndex
from bench.storage import place


def read(folder: Any) -> dict[str, Any]:
    with closing(Records(folder)) as records:
        return dict(records)


def row(value: object, status: str = "ok") -> dict[str, Any]:
    return {"value": value, "status": status}


def segment(folder: Path, number: int, *entries: object) -> Path:
    """A segment with ``entries`` as its lines."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{number:06d}-host-1-r0.jsonl"
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")
    return path


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A local folder, or one in memory at a URL, where nothing can be appended."""
    if request.param == "local":
        return tmp_path / "journal"
    pytest.importorskip("upath", reason="pip install universal-pathlib")
    return place(f"memory://{tmp_path.name}/journal")


def test_drivers_read_what_others_have_added(folder: Any) -> None:
    with closing(Journal(folder, {"started": "1"})) as one, closing(Journal(folder, {"started": "2"})) as other:
        one.append({"a": row(1.0), "b": row(float("inf"))})
        one.claim("clip")
        one.end({"ended": "then"})
        other.append({"c": row(0.1 + 0.2)})
        assert "a" not in other
        assert other.refresh(at_once=True) is True
        assert dict(other) == {"a": row(1.0), "b": row(float("inf")), "c": row(0.1 + 0.2)}
        assert (other.claims("clip"), one.claims("clip")) == (1, 0)
        assert other.refresh(at_once=True) is False
        assert [each["started"] for each in other.invocations] == ["1", "2"]
    assert read(folder) == {"a": row(1.0), "b": row(float("inf")), "c": row(0.1 + 0.2)}
    with closing(Records(folder)) as records:
        assert [each["started"] for each in records.invocations] == ["1", "2"]
        assert len(records) == 3
        assert records.get("d") is None


def test_what_was_written_to_a_url_becomes_few_parts() -> None:
    pytest.importorskip("upath", reason="pip install universal-pathlib")
    where = place("memory://parts/journal")
    with closing(Journal(where, {"started": "1"})) as journal:
        for number in range(2500):
            journal.append({str(number): row(number)})
    names = sorted(path.name for path in where.iterdir())
    assert [name[-12:] for name in names[:2]] == ["000001.jsonl", "000002.jsonl"]
    assert 4 <= len(names) <= 10
    assert len(read(where)) == 2500


def test_two_that_walk_the_same_way_notice_it(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as one, closing(Journal(tmp_path)) as other:
        one.claim("x")
        other.claim("y")
        one.refresh()
        assert one.collides() is False
        other.claim("x")
        one.refresh()
        assert (one.collides(), one.collides()) == (True, False)


def test_a_torn_last_line_does_not_count_and_a_damaged_one_costs_its_own_cells_only(tmp_path: Path) -> None:
    path = segment(tmp_path, 1, {"key": "a", "row": row(1)})
    whole = path.read_bytes()
    for cut in range(1, 30):
        path.write_bytes(whole + b'{"key": "c", "row": {"value": 2.0}}\n'[:-cut])
        assert read(tmp_path) == {"a": row(1)}
    for damage in (
        b"#!broken\n",
        b"[1]\n",
        b'{"key": 1, "row": {}}\n',
        b'{"key": "x", "row": 3}\n',
        b"\xff\xfe\n",
        b"\n",
    ):
        path.write_bytes(whole + damage + b'{"key": "c", "row": {"v": 3}}\n')
        assert read(tmp_path) == {"a": row(1), "c": {"v": 3}}


def test_a_line_counts_when_its_end_has_come(tmp_path: Path) -> None:
    path = segment(tmp_path, 1)
    with closing(Records(tmp_path)) as records, path.open("ab", buffering=0) as file:
        file.write(b'{"key": "a", "ro')
        records.refresh()
        assert "a" not in records
        file.write(b'w": {"v": 1}}\n')
        records.refresh()
        assert records["a"] == {"v": 1}


def test_of_several_rows_one_that_has_not_failed_counts_then_the_last(tmp_path: Path) -> None:
    segment(
        tmp_path, 2, {"key": "a", "row": row(2)}, {"key": "a", "row": row(3)}, {"key": "b", "row": row(0, "failed")}
    )
    segment(
        tmp_path, 1, {"key": "a", "row": row(1)}, {"key": "b", "row": row(1)}, {"key": "c", "row": row(1, "failed")}
    )
    segment(tmp_path, 3, {"key": "a", "row": row(0, "failed")}, {"key": "c", "row": row(2, "failed")})
    assert read(tmp_path) == {"a": row(3), "b": row(1), "c": row(2, "failed")}
    with closing(Journal(tmp_path)) as journal:  # whatever the clock says, it comes last
        journal.append({"a": row(4)})
    assert read(tmp_path)["a"] == row(4)


def test_what_failed_before_is_to_be_done_again_and_what_fails_then_is_done(tmp_path: Path) -> None:
    segment(tmp_path, 1, {"key": "a", "row": row(1)}, {"key": "b", "row": row(0, "failed")})
    with closing(Journal(tmp_path)) as journal, closing(Journal(tmp_path)) as other:
        kept = journal.without_failed()
        assert list(kept) == ["a"]
        assert (kept.get("b"), journal["b"]) == (None, row(0, "failed"))
        journal.append({"b": row(1, "failed")})
        assert kept["b"] == row(1, "failed")
        other.append({"c": row(2, "failed")})
        journal.refresh()
        assert dict(kept) == {"a": row(1), "b": row(1, "failed"), "c": row(2, "failed")}


def test_a_segment_that_was_cut_or_deleted_gives_no_wrong_row(tmp_path: Path) -> None:
    path = segment(tmp_path, 1, {"key": "a", "row": row(1)}, {"key": "b", "row": row(2)})
    with closing(Records(tmp_path)) as records:
        os.truncate(path, 40)
        assert (records.get("b"), "b" in records) == (None, True)


KEYS = st.sampled_from([f"{number:064x}" for number in range(6)])
SEGMENTS = st.lists(st.lists(st.tuples(KEYS, st.booleans(), st.booleans()), max_size=8), min_size=1, max_size=4)


@given(SEGMENTS, st.randoms(use_true_random=False))
def test_any_order_of_writing_and_any_cut_give_rows_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, segments: list[list[tuple[str, bool, bool]]], chance: random.Random
) -> None:
    """Readers that saw the segments grow in any order, and one that starts later, agree; a cut costs rows only."""
    folder = tmp_path_factory.mktemp("journal")
    written: dict[str, list[Any]] = {}
    paths = [segment(folder, number) for number in range(len(segments))]
    left = [
        b"".join(
            json.dumps({"key": key, "row": row([key, number, place], "failed" if failed else "ok")}).encode() + b"\n"
            for place, (key, failed, _) in enumerate(entries)
        )
        for number, entries in enumerate(segments)
    ]
    for data in left:
        for line in data.splitlines():
            written.setdefault(json.loads(line)["key"], []).append(json.loads(line)["row"])
    with closing(Records(folder)) as growing:
        while any(left):
            number = chance.choice([place for place, data in enumerate(left) if data])
            size = chance.randint(1, len(left[number]))
            with paths[number].open("ab") as file:
                file.write(left[number][:size])
            left[number] = left[number][size:]
            growing.refresh()
        whole = dict(growing)
    assert whole == read(folder)
    assert whole.keys() == written.keys()
    for key, found in whole.items():
        assert found in written[key]
        assert found["status"] == "ok" or all(each["status"] == "failed" for each in written[key])
    cut = chance.choice(paths)
    os.truncate(cut, chance.randint(0, cut.stat().st_size))
    assert all(found in written[key] for key, found in read(folder).items())


def test_many_keys_have_their_places() -> None:
    index = KeyIndex()
    keys = [f"{number:064x}" for number in range(3 * RECENT)]
    for place_, key in enumerate(keys):
        index.put(key, place_)
    index.put(keys[5], 1 << 62)
    assert len(index) == len(keys)
    assert [index.get(key) for key in keys] == [0, 1, 2, 3, 4, 1 << 62, *range(6, len(keys))]
    assert index.get("another") is None


def test_a_full_disk_is_one_message(tmp_path: Path) -> None:
    """A file that may not grow any more: the row before is kept."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from bench.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"journal = Journal(Path({str(tmp_path)!r})); journal.append({{'a': {{'v': 1}}}})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))\n"
        "journal.append({'b': {'v': 'x' * 100}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "StoreError" in done.stderr
    assert read(tmp_path) == {"a": {"v": 1}}


def test_what_is_written_after_a_disk_was_full_counts(tmp_path: Path) -> None:
    code = (
        "import resource, signal; from pathlib import Path; from bench.journal import Journal\n"
        "from bench.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"journal = Journal(Path({str(tmp_path)!r})); journal.append({{'a': {{'v': 1}}}})\n"
        "limit = lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))\n"
        "limit(60)\n"
        "try: journal.append({'b': {'v': 'x' * 100}})\n"
        "except StoreError: limit(resource.RLIM_INFINITY)\n"
        "journal.append({'c': {'v': 3}, 'd': {'v': 4}}); journal.end({'ended': 'then'})\n"
        "assert dict(journal) == {'a': {'v': 1}, 'c': {'v': 3}, 'd': {'v': 4}}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert read(tmp_path) == {"a": {"v": 1}, "c": {"v": 3}, "d": {"v": 4}}


def test_a_segment_without_its_first_line_has_rows_and_no_invocation(tmp_path: Path) -> None:
    """Such as a part of a journal at a URL that was copied to this machine."""
    segment(tmp_path, 1, {"key": "a", "row": row(1)}, {"ending": {"ended": "then"}})
    with closing(Journal(tmp_path, {"started": "2"})) as journal:
        assert (dict(journal), journal.invocations) == ({"a": row(1)}, [{"started": "2"}])


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        Journal(tmp_path / "file" / "journal")


def test_scratch_of_the_dead_goes_and_that_of_the_living_stays(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from bench.engines.scratch import own_scratch\n"
        f"with own_scratch(Path({str(tmp_path)!r})):\n os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    (dead,) = tmp_path.glob(".scratch*")
    with own_scratch(tmp_path) as one:
        assert not dead.exists()
        with own_scratch(tmp_path) as other:
            assert one.is_dir()
            assert one != other
        assert [*tmp_path.glob(".scratch*")] == [one]
    assert not [*tmp_path.glob(".scratch*")]


def test_scratch_of_another_machine_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can tell from here whether its driver lives."""
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="node-1"))
    with own_scratch(tmp_path) as theirs:
        pass
    theirs.mkdir()
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="node"))
    with own_scratch(tmp_path):
        assert theirs.is_dir()


def test_drivers_that_start_at_once_leave_each_other_their_scratch(tmp_path: Path) -> None:
    def start(_: int) -> bool:
        with own_scratch(tmp_path) as path:
            return path.is_dir()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(start, range(400)))
