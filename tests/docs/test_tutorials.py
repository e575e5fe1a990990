"""The tutorials as a reader would follow them: files are written, commands run, in the order of the page.

A comment before a block, which readers do not see, says what is done with it: ``<!-- file: NAME -->`` writes it into
the folder, ``<!-- run -->`` runs it there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.pages import DOCUMENTS, blocks, name

TUTORIALS = [document for document in DOCUMENTS if any(block.mark == "run" for block in blocks(document))]


def test_the_tutorials_are_among_them() -> None:
    assert {"benchmark-encodec", "gate-a-codec", "publish-a-result", "run-a-mushra-test"} <= {
        one.stem for one in TUTORIALS
    }


@pytest.mark.slow
@pytest.mark.parametrize("document", TUTORIALS, ids=name)
def test_a_reader_can_follow_it(document: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "codecbench"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bench.cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CODECBENCH_CACHE": str(tmp_path / "cache"),
    }
    (tmp_path / "here").mkdir()
    for block in blocks(document):
        kind, _, file = block.mark.partition(": ")
        if kind == "file":
            (tmp_path / "here" / file).write_text(block.text, encoding="utf-8")
        elif kind == "run":
            call = [sys.executable, "-c", block.text] if block.language == "python" else ["sh", "-e", "-c", block.text]
            done = subprocess.run(
                call, cwd=tmp_path / "here", env=environment, capture_output=True, text=True, check=False, timeout=900
            )
            assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
