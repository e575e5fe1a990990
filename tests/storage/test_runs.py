"""A run whose data, cache and results lie at a store: the same numbers, and nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench import audio, load_results, run
from bench.cache import Cache
from bench.cells.measure import Finished
from bench.cells.planning import Plan
from bench.errors import StoreError
from bench.runs.results import TIMING_COLUMNS, Results
from bench.storage import names_below, place, put, read_bytes
from tests.storage.conftest import CONFIG, point_to
from tests.storage.server import Link


def tables(results: Results) -> list[pd.DataFrame]:
    """Without times, and without where the clips lie."""
    found = (results.clips.drop(columns="path"), results.encodings, results.scores, results.sets)
    return [table.drop(columns=list(TIMING_COLUMNS), errors="ignore") for table in found]


def assert_same(first: Results, second: Results) -> None:
    for one, other in zip(tables(first), tables(second), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def command(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "bench.cli", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_at_a_store_gives_the_numbers_of_a_local_one(here: Results, there: Results, store: str) -> None:
    assert set(there.scores["status"]) == {"ok"}
    assert_same(here, there)
    assert_same(here, load_results(f"{store}/there/run"))
    left: Any = place(f"{store}/there/run")
    assert not [name for name in names_below(left) if name.startswith(".")]


def test_audio_of_a_run_at_a_store(here: Results, there: Results) -> None:
    for clip, condition in [("speech/s0", "opus@12000"), ("music/m", "passthrough")]:
        assert there.decoded(clip, condition).read_bytes() == here.decoded(clip, condition).read_bytes()
        assert audio.read(there.reference(clip)).length == audio.read(here.reference(clip)).length
    assert str(there.decoded_place("music/m", "passthrough")).startswith("s3://")


@pytest.mark.slow
def test_a_report_is_written_into_the_run(there: Results) -> None:
    from bench.report import write_report

    written = {path.name: read_bytes(path) for path in write_report(there)}
    assert {"summary.csv", "report.md", "report.html"} <= set(written) <= set(names_below(there.folder))  # type: ignore[arg-type]
    assert written["summary.csv"].count(b"opus@12000") == 4
    assert b"data:audio/flac" in written["report.html"]


@pytest.mark.slow
def test_every_command_reads_a_run_at_a_store(here: Results, there: Results, s3: str, tmp_path: Path) -> None:
    url = str(there.folder)
    assert f"written: {s3}/report/report.html" in command("report", url, "--output", f"{s3}/report")
    command("leaderboard", url, "--output", f"{s3}/board")
    command("leaderboard", url, "--output", f"{s3}/board", "--check")
    compared = json.loads(command("compare", str(here.folder), url, "--json", "--fail-on", "failed > 0"))
    assert compared["new"]["folder"] == url
    command("curves", url, "--output", str(tmp_path / "curves"))
    command("results", "publish", url, "--to", str(tmp_path / "records"))
    record: Any = place(f"{s3}/records/small")
    for path in sorted((tmp_path / "records" / "small").rglob("*.*")):
        put(record / path.relative_to(tmp_path / "records" / "small").as_posix(), path.read_bytes())
    checked = json.loads(command("results", "validate", str(record), "--json"))
    assert checked == {"checked": [str(record)], "problems": []}
    refused = subprocess.run(
        [sys.executable, "-m", "bench.cli", "export", "versa", url], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert f"expected a path of this machine, got {url}" in refused.stderr


@pytest.mark.slow
def test_a_cache_is_shared(here: Results, there: Results, data: Path, store: str, s3: str, tmp_path: Path) -> None:
    again = run(CONFIG, data=data, output=tmp_path / "again", cache=f"{store}/there/cache", workers=1)
    assert_same(here, again)
    coded = there.encodings["encode_s"]
    assert again.encodings["encode_s"].equals(coded)  # taken from the cache, with what was stored there
    assert coded.notna().all()


@pytest.mark.slow
def test_two_runners_at_once_and_one_cache(here: Results, data: Path, s3: str, tmp_path: Path) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(json.dumps(CONFIG))
    common = [sys.executable, "-m", "bench.cli", "run", str(config), "--data", str(data), "--cache", f"{s3}/cache"]
    both = [
        subprocess.Popen([*common, "--output", f"{s3}/{name}"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    for process in both:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said.decode()
    for name in ("one", "two"):
        assert_same(here, load_results(f"{s3}/{name}"))


@pytest.mark.slow
def test_damaged_objects_of_the_cache_are_made_again(
    here: Results, there: Results, data: Path, store: str, tmp_path: Path
) -> None:
    cache: Any = place(f"{store}/there/cache")
    names = names_below(cache)
    assert len(names) == len(here.encodings)
    before = {name: read_bytes(cache / name) for name in names}
    put(cache / names[0], before[names[0]][:-3])
    put(cache / names[1], b"")
    put(cache / names[2], before[names[2]].replace(b'"stated"', b'"stared"'))
    assert_same(here, run(CONFIG, data=data, output=tmp_path / "again", cache=cache, workers=1))
    for name in names[:3]:
        assert Cache(cache).get(name.rsplit("/", 1)[1].removesuffix(".cbs")) is not None


class Watch:
    """Calls ``then`` when so many answers have come, once."""

    def __init__(self, answers: int, then: Any) -> None:
        self.left, self.then, self.done = answers, then, 0

    def __call__(self, plan: Plan, done: int) -> Any:
        self.done = done

        def finished(news: Finished) -> None:
            self.left -= 1
            if self.left == 0:
                self.then()

        return finished


@pytest.mark.slow
def test_a_store_that_is_gone_for_a_while_stops_nothing(
    here: Results, there: Results, store: str, s3: str, s3_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Link(s3_port)
    point_to(link.port, monkeypatch)

    def cut() -> None:
        link.cut()
        threading.Timer(1.5, link.mend).start()

    results = run(
        CONFIG, data=f"{store}/there/data", output=f"{s3}/run", cache=f"{s3}/cache", workers=2, progress=Watch(4, cut)
    )
    assert_same(here, results)


@pytest.mark.slow
def test_a_store_that_is_lost_ends_the_run_and_the_next_start_continues_it(
    here: Results, data: Path, s3: str, s3_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    link = Link(s3_port)
    point_to(link.port, monkeypatch)
    where: dict[str, Any] = {"data": data, "output": f"{s3}/run", "cache": f"{s3}/cache", "workers": 1}

    def cut() -> None:
        time.sleep(2.5)  # what has finished is written within two seconds, with the next answer
        threading.Timer(0.2, link.cut).start()

    with pytest.raises(StoreError, match=r"s3://bucket/.*Check the URL, the network"):
        run(CONFIG, progress=Watch(4, cut), **where)
    link.mend()
    last = Watch(0, None)
    assert_same(here, run(CONFIG, progress=last, **where))
    assert 0 < last.done < 27


@pytest.mark.slow
def test_a_driver_that_is_killed_loses_little(here: Results, data: Path, s3: str, tmp_path: Path) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(json.dumps(CONFIG))
    where = ["--data", str(data), "--output", f"{s3}/run", "--cache", f"{s3}/cache", "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.cli", "run", str(config), *where],
        env={**os.environ, "TMPDIR": str(tmp_path)},  # it leaves its folder there
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    decoded: Any = place(f"{s3}/run/decoded")
    while process.poll() is None and len(names_below(decoded)) < 3:
        time.sleep(0.02)
    process.kill()
    process.wait()
    command("run", str(config), *where)
    assert_same(here, load_results(f"{s3}/run"))


@pytest.mark.slow
def test_ray_hands_over_what_opens_a_store(here: Results, there: Results, store: str, s3: str) -> None:
    pytest.importorskip("ray", reason="pip install 'codecbench[ray]'")
    import ray
    from ray.cluster_utils import Cluster

    from bench.engines.ray import Ray

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)  # a cluster that somebody else has started knows nothing of our stores
        cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False},
        )
    try:
        engine = Ray(address=cluster.address)
        results = run(
            CONFIG, data=f"{store}/there/data", output=f"{s3}/run", cache=f"{s3}/cache", workers=1, engine=engine
        )
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert_same(here, results)
    left: Any = place(f"{s3}/run")
    assert not [name for name in names_below(left) if name.startswith(".")]
