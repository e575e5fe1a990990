"""Completion as a shell asks for it, in the shells that are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import listing
from bench.terminal import completion
from tests.conftest import ROOT


@pytest.fixture
def shell_variables(tmp_path: Path) -> dict[str, str]:
    """An environment in which `codecbench` is a program on the PATH, and a folder with a run and a test."""
    program = tmp_path / "bin" / "codecbench"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom bench.cli.app import main\nmain()\n")
    program.chmod(0o755)
    for folder, file in (
        ("results/runs/mine", "run.json"),
        ("results/tests/ears", "test.json"),
        ("results/runs/x", ""),
    ):
        (tmp_path / folder).mkdir(parents=True)
        if file:
            (tmp_path / folder / file).write_text("{}")
    (tmp_path / "small.yaml").write_text("name: small\n")
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}


def offered(words: str, variables: dict[str, str], cwd: Path) -> list[str]:
    """What bash is told for the last of ``words``."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_CODECBENCH_COMPLETE": "complete_bash"}
    done = subprocess.run(
        ["codecbench"], env={**variables, **asked}, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("codecbench rep", {"report"}),
        ("codecbench run d", {"demo", "decoded", "decoded_mushra"}),
        ("codecbench run sm", {"small.yaml"}),
        ("codecbench report results/", {"results/runs/mine"}),
        ("codecbench compare results/runs/mine res", {"results/runs/mine"}),
        ("codecbench inspect encodec_24khz_", {"encodec_24khz_streaming", "encodec_24khz_jax"}),
        ("codecbench metrics explain pesq", {"pesq_wb", "pesq_nb"}),
        ("codecbench data fetch musan_s", {"musan_speech"}),
        ("codecbench list co", {"codecs", "configs"}),
        ("codecbench schema t", {"test"}),
        ("codecbench listen serve r", {"results/tests/ears"}),
        ("codecbench listen build results/runs/mine mushra_d", {"mushra_demo"}),
    ],
)
def test_names_are_offered(words: str, expected: set[str], shell_variables: dict[str, str], tmp_path: Path) -> None:
    assert set(offered(words, shell_variables, tmp_path)) == expected


def test_every_codec_and_list_is_offered() -> None:
    assert set(completion.codecs("")) == {row["name"] for row in listing.rows("codecs")}
    assert completion.kinds("") == list(listing.KINDS)


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys, bench.cli.app, bench.terminal.completion as c\n"
        "for ask in (c.configs, c.runs, c.tests, c.codecs_and_metrics, c.known_sets, c.recipes): ask('')\n"
        "print({'torch', 'streamlit', 'scipy', 'pydantic', 'jax', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "set()"


TYPED = {
    "bash": """
        eval "$(_CODECBENCH_COMPLETE=source_bash codecbench)"
        COMP_WORDS=(codecbench run d); COMP_CWORD=2
        _codecbench_completion codecbench; printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        autoload -U compinit && compinit -u
        eval "$(_CODECBENCH_COMPLETE=source_zsh codecbench)"
        _arguments() { print -l -- "$@" }
        words=(codecbench run d); CURRENT=3; _codecbench_completion
    """,
    "fish": """
        _CODECBENCH_COMPLETE=source_fish codecbench | source
        complete --do-complete 'codecbench run d'
    """,
}


@pytest.mark.parametrize("shell", TYPED)
def test_the_lines_that_are_installed_work_in_the_shell(
    shell: str, shell_variables: dict[str, str], tmp_path: Path
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [shell, "-c", TYPED[shell]], env=shell_variables, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "demo" in done.stdout, done.stdout + done.stderr
    assert "decoded_mushra" in done.stdout


def test_installation_names_the_shell_it_was_typed_in(shell_variables: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", "codecbench --install-completion bash; true"],
        env=shell_variables, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "bash completion installed" in done.stdout, done.stdout + done.stderr
    assert "codecbench" in (tmp_path / ".bashrc").read_text()
