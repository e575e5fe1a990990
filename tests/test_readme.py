"""What the README tells a reader to type is typed, in its order, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import DATA
from tests.listening.browser import free_port

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^(?:[^\n]*`(?P<name>\w+\.\w+)`:\n\n)?```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
SAVED = {
    match["name"]: match["body"]
    for match in BLOCK.finditer(TEXT)
    if match["name"] and match["kind"] in ("python", "yaml")
}
COMMANDS = [
    line.partition("  #")[0].strip()
    for match in BLOCK.finditer(TEXT)
    if not match["kind"]
    for line in match["body"].splitlines()
    if line.startswith("codecbench ")
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader has it who has typed ``make demo``."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "results", folder / "results", ignore=shutil.ignore_patterns("runs", "tests"))
    shutil.copytree(ROOT / "configs", folder / "configs")
    for name, body in SAVED.items():
        (folder / name).write_text(body, encoding="utf-8")
    typed(folder, "codecbench run demo")
    found = sorted((folder / "results/runs/demo/references").glob("*speech*.flac"))
    shutil.copy(found[0], folder / "ref.wav")
    shutil.copy(
        next((folder / "results/runs/demo/decoded/opus@12000").glob(f"{found[0].name[:20]}*")), folder / "deg.wav"
    )
    return folder


def typed(folder: Path, command: str, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "bench.cli", *shlex.split(command)[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CODECBENCH_CACHE": str(folder / "cache")}
    environment["CODECBENCH_DATA"] = str(DATA)
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_s)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended


def test_the_blocks_are_found() -> None:
    assert set(SAVED) == {"my_codec.py", "mine.yaml"}
    assert len(COMMANDS) > 20
    assert all(
        f"codecbench {word}" in " ".join(COMMANDS) for word in ("check", "run", "report", "listen", "leaderboard")
    )


@pytest.mark.slow
def test_every_command_of_the_readme_works(reader: Path) -> None:
    analysed = False
    for command in COMMANDS:
        if " real " in command and not DATA.is_dir():
            continue
        if "listen serve" in command:
            serves(reader, command)
        elif "listen analyze" in command and not analysed:
            analysed = True  # the first stands where real listeners have come; here the rehearsal follows
        else:
            typed(reader, command)
    assert (reader / "results/tests/mushra_demo/ratings.parquet").is_file()
    assert (reader / "results/runs/mine/report.html").is_file()


def serves(folder: Path, command: str) -> None:
    """Start the web app, see it answer, end it."""
    port = free_port()
    words = [sys.executable, "-m", "bench.cli", *shlex.split(command)[1:], "--port", str(port)]
    process = subprocess.Popen(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answered = False
        for _ in range(240):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/_stcore/health") as response:
                answered = response.status == 200
            if answered or process.poll() is not None:
                break
            time.sleep(0.25)
        assert answered
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.slow
def test_the_python_of_the_readme_works(reader: Path) -> None:
    [code] = [match["body"] for match in BLOCK.finditer(TEXT) if match["kind"] == "python" and not match["name"]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CODECBENCH_CACHE": str(reader / "cache")}
    ended = subprocess.run([sys.executable, "-c", code], cwd=reader, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "visqol_audio" in ended.stdout
