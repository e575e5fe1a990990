"""Every error message that the tests meet, by the line that makes it; and the lines that no test meets.

    python -m tests.messages > messages.md                 the whole suite, as `make test` runs it
    python -m tests.messages tests/test_config.py -n 2     some of it

Read the list as somebody who has just got the message: does it say what, where, expected, got, and what to do?
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from bench import errors
from bench.errors import CodecbenchError
from tests.conftest import ROOT

CLASSES = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, CodecbenchError)}
SHOWN = 3  # messages of one line, at most
LONGEST = 600


def raised() -> set[str]:
    """``file:line`` of every ``raise`` of an error of ours."""
    return {
        f"{path.relative_to(ROOT).as_posix()}:{line}"
        for package in ("bench", "listening_test")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name(node.exc.func) in CLASSES
        for line in [node.exc.lineno]
    }


def _name(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def met(arguments: list[str]) -> tuple[dict[tuple[str, str], set[str]], int]:
    """The texts by line and class that pytest meets with ``arguments``, and how pytest ended."""
    with tempfile.TemporaryDirectory() as folder:
        search = os.pathsep.join(
            filter(None, [str(ROOT / "tests" / "messages" / "hook"), os.environ.get("PYTHONPATH")])
        )
        environment = {**os.environ, "CODECBENCH_MESSAGES": folder, "PYTHONPATH": search}
        command = [sys.executable, "-m", "pytest", *arguments]
        ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False).returncode
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for path in Path(folder).glob("*.jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):  # the last line of a process that was killed
                    row = json.loads(line)
                    found[row["site"], row["kind"]].add(row["text"])
    return found, ended


def main() -> int:
    found, ended = met(sys.argv[1:] or ["-n", "auto", "--dist", "loadfile", "-q"])
    for (site, kind), texts in sorted(found.items()):
        print(f"## {site} {kind}\n")
        for text in sorted(texts, key=len)[:SHOWN]:
            print(f"    {text[:LONGEST]}\n".replace("\n", "\n    ").rstrip() + "\n")
    unmet = sorted(raised() - {site for site, _ in found})
    print(f"## {len(unmet)} lines that no test of these has met\n")
    print("\n".join(f"    {site}" for site in unmet))
    return ended


if __name__ == "__main__":
    sys.exit(main())
