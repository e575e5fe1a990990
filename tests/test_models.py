"""Fetching weights, from a server of our own; and what is said where there is no network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli.weights import app
from bench.errors import DatasetError, MissingRequirement, UnknownName
from bench.models import catalogue as models
from bench.models.catalogue import Model
from bench.models.weights import WeightFile
from tests.codecs.models import saved
from tests.datasets.serving import running

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def unwatched(name: str, doing: str, done: int, total: int | None) -> None: ...


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CODECBENCH_MINE", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def url():
    with running() as serving:
        yield serving.add("model.bin", CONTENT)


@pytest.mark.parametrize("known", [SHA256, SHA256[:8]])
def test_files_are_fetched_and_checked(known: str, here: Path, url: str) -> None:
    mine = Model("mine", "none", (WeightFile("model.bin", url, known, len(CONTENT)),))
    assert models.place(mine) is None
    assert models.fetch(mine, unwatched) == models.place(mine) == here
    assert (here / "model.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("known", ["0" * 64, "0" * 8])
def test_other_content_is_not_kept(known: str, here: Path, url: str) -> None:
    mine = Model("mine", "none", (WeightFile("model.bin", url, known, len(CONTENT)),))
    with pytest.raises((DatasetError, MissingRequirement), match="expected"):
        models.fetch(mine, unwatched)
    assert not (here / "model.bin").exists()


def test_the_commands(here: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Model("mine", "none", (WeightFile("model.bin", url, SHA256, len(CONTENT)),))
    monkeypatch.setitem(models.KNOWN, "mine", mine)
    run = CliRunner()
    assert '"place": ""' in run.invoke(app, ["list", "--json"]).stdout
    assert str(here) in run.invoke(app, ["fetch", "mine"]).stdout
    assert run.invoke(app, ["path", "mine"]).stdout.strip() == str(here)


def test_a_name_that_is_unknown() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'lyra_v2'"):
        models.find("lyra_v1")


def test_without_a_network_the_hub_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MissingRequirement, match=r"cannot be fetched from the hub .* fetch config\.json"):
        models.fetch(Model("encodec_24khz", "none", repository="nobody/nothing"), unwatched)


def test_the_checksums_of_lyra_are_those_of_the_real_files(real_data) -> None:
    for file in models.KNOWN["lyra_v2"].files:
        path = real_data(f"weights/lyra_v2/{file.name}")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        assert path.stat().st_size == file.size


def test_weights_of_the_hub_are_found_in_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout that the hub's library leaves behind, made by hand."""
    revision = tmp_path / "models--facebook--encodec_24khz" / "snapshots" / ("a" * 40)
    saved(revision, 24_000)
    refs = tmp_path / "models--facebook--encodec_24khz" / "refs"
    refs.mkdir()
    (refs / "main").write_text("a" * 40)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert models.place(models.find("encodec_24khz")) == revision
