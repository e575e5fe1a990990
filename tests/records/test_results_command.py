"""`codecbench results` as a user and as CI meet it; what is committed in results/; what a change may not do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bench.cli.results import app
from bench.errors import StoreError
from bench.leaderboard import build, outdated
from bench.records.merged import changes, results_of
from bench.records.published import read_published
from bench.records.validating import validate
from bench.runs import results
from bench.tables import is_complete
from tests.conftest import ROOT

REFERENCE = ROOT / "results" / "reference" / "small_24khz"


def test_publish_and_validate_as_commands(finished_run: Path, tmp_path: Path) -> None:
    to = str(tmp_path / "results" / "records")
    done = CliRunner().invoke(app, ["publish", str(finished_run), "--to", to, "--json"])
    assert done.exit_code == 0, done.output
    folder = Path(json.loads(done.stdout)["folder"])
    checked = CliRunner().invoke(app, ["validate", str(tmp_path / "results"), "--json"])
    assert checked.exit_code == 0
    assert json.loads(checked.stdout) == {"checked": [str(folder)], "problems": []}
    (folder / "scores.csv").write_text("nothing\n")
    (folder / "clips.csv").unlink()
    checked = CliRunner().invoke(app, ["validate", str(folder)])
    assert checked.exit_code == 1
    assert checked.stderr == ""
    assert "a file is missing: expected clips.csv" in checked.stdout
    assert "scores.csv: it is not the file that was published" in checked.stdout
    assert "1 checked: " in checked.stdout
    raw = CliRunner().invoke(app, ["validate", str(finished_run)])
    assert raw.exit_code == 1
    assert "expected record.json, got no such file. `codecbench results publish RUN` makes records" in raw.stdout


def test_what_is_committed_is_valid() -> None:
    seen, problems = validate([ROOT / "results"])
    assert [str(problem) for problem in problems] == []
    assert {path.name for path in seen} >= {"small_24khz", "encodec_2210.13438.csv"}


def test_the_committed_leaderboard_is_that_of_the_records(tmp_path: Path) -> None:
    committed = ROOT / "results"
    runs = sorted(path.parent for kind in ("reference", "records") for path in (committed / kind).glob("*/run.json"))
    names = [f"leaderboard.{suffix}" for suffix in ("md", "csv", "json", "tex", "html")]
    assert sum((committed / name).stat().st_size for name in names) < 1_500_000
    board = build([results.load_results(run) for run in runs], [], read_published(committed / "published"))
    assert outdated(board, committed) == []
    for name in names:
        shutil.copy(committed / name, tmp_path)
    table = tmp_path / "leaderboard.csv"
    text = table.read_text(encoding="utf-8")
    number = next(found.group() for found in re.finditer(r"\d+\.\d{12,}", text))
    table.write_text(text.replace(number, number[:-1], 1), encoding="utf-8")
    assert outdated(board, tmp_path) == []
    table.write_text(text.replace(number, str(float(number) * 1.000001), 1), encoding="utf-8")
    (tmp_path / "leaderboard.tex").unlink()
    assert [path.name for path in outdated(board, tmp_path)] == ["leaderboard.csv", "leaderboard.tex"]


def test_the_reference_run_is_small_real_and_without_audio() -> None:
    files = [path for path in REFERENCE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert {path.suffix for path in files} == {".json", ".parquet", ".csv"}
    run = results.load_results(REFERENCE)
    assert is_complete(run)
    assert (run.info["sample_rate"], run.info["channels"]) == (24_000, 1)
    assert set(run.clips["category"]) == {"speech", "noisy_reverberant_speech", "music"}
    assert (run.clips["licence"] != "").all()
    assert set(run.encodings["status"]) == {"ok"}
    config = (REFERENCE.parent / "small_24khz.yaml").read_text(encoding="utf-8")
    assert run.info["config_text"] == config
    assert len(run.scores) == len(run.clips) * len(run.conditions) * len(run.quantities)


def test_the_reference_run_is_of_the_files_that_it_names(real_data: Callable[[str], Path]) -> None:
    from bench.store import sha256_of

    folders = {"vctk": "speech", "kathleen": "speech", "sonic_pi": "music", "sms_tools": "music"}
    clips = results.load_results(REFERENCE).clips
    for row in clips[clips["dataset"] != "noisy"].itertuples():
        assert sha256_of(real_data(f"{folders[str(row.dataset)]}/{row.path}")) == row.sha256


@pytest.fixture
def repository(tmp_path: Path, published: Path) -> Path:
    """A git repository with a merged record in results/."""
    shutil.copytree(published, tmp_path / "repository" / "results" / "records" / "mine")
    git = ["git", "-C", str(tmp_path / "repository"), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "a record"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    return tmp_path / "repository" / "results"


def told(base: str, folder: Path) -> list[str]:
    with results_of(base, folder) as before:
        return [str(problem) for problem in changes(before, folder)]


def test_merged_records_are_neither_changed_nor_removed(repository: Path, tmp_path: Path) -> None:
    mine = repository / "records" / "mine"
    shutil.copytree(mine, repository / "records" / "added")  # only what was there before is compared
    assert told("main", repository) == []
    (mine / "scores.csv").write_text("changed\n")
    (mine / "run.json").unlink()
    (mine / "more.csv").write_text("added\n")
    found = told("HEAD", repository)
    assert len(found) == 3
    assert any("scores.csv: a merged file was changed" in one for one in found)
    assert any("run.json: a merged file was removed" in one for one in found)
    assert any("more.csv: a file was added to a merged record" in one for one in found)
    shutil.copytree(repository / "records" / "added", tmp_path / "old" / "records" / "mine")
    assert len(told(str(tmp_path / "old"), repository)) == 3
    with pytest.raises(StoreError, match=r"--base nowhere: expected a folder, or a revision.*git says"):
        told("nowhere", repository)
    checked = CliRunner().invoke(app, ["validate", str(repository), "--base", "main"])
    assert checked.exit_code == 1
    assert "Merged records stay as they are" in checked.stdout


def test_the_workflow_checks_contributions_and_holds_no_secret() -> None:
    path = ROOT / ".github" / "workflows" / "results.yml"
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow[True]["pull_request"]["paths"][0] == "results/**"  # YAML 1.1 reads the key `on` as true
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in text
    assert "pull_request_target" not in text
    (job,) = workflow["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    for action in used:
        assert action.partition("@")[2].count(".") == 2  # a full version, not a branch
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    assert 'results validate results --base "origin/$BASE"' in commands
    assert "make leaderboard" in commands
    assert "CHECK=--check" in commands
    assert "${{" not in commands  # what a contributor names reaches the shell as a variable only
