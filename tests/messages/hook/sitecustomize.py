"""Writes down every error of ``bench.errors`` that is made in this process, where CODECBENCH_MESSAGES names a folder.

Python imports a module of this name at its start from the folders of PYTHONPATH, in every process that a test starts.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

FOLDER = os.environ.get("CODECBENCH_MESSAGES")
PACKAGES = tuple(str(Path(__file__).parents[3] / name) + os.sep for name in ("bench", "listening_test"))


class Finder(importlib.abc.MetaPathFinder):
    """Finds ``bench.errors`` as ever, and has its base class listened to once it is there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "bench.errors":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def listened(module: ModuleType) -> None:
            execute(module)
            module.CodecbenchError.__init__ = _made

        spec.loader.exec_module = listened  # type: ignore[method-assign]
        return spec


def _made(error: Exception, *args: Any) -> None:
    Exception.__init__(error, *args)
    frame: FrameType | None = sys._getframe(1)
    while frame and (
        not frame.f_code.co_filename.startswith(PACKAGES) or frame.f_globals["__name__"] == "bench.errors"
    ):
        frame = frame.f_back
    if frame and FOLDER:
        site = f"{Path(frame.f_code.co_filename).relative_to(Path(PACKAGES[0]).parent).as_posix()}:{frame.f_lineno}"
        line = json.dumps({"site": site, "kind": type(error).__name__, "text": str(error)}) + "\n"
        with suppress(OSError), (Path(FOLDER) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)  # a test may have left this process without rights or room


if FOLDER:
    sys.meta_path.insert(0, Finder())
