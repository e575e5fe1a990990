"""The command line in this process: what a subprocess shows, without the seconds that its imports take."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from bench.cli.app import main


def codecbench(*arguments: object, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """``codecbench ARGUMENTS`` in ``folder``: its exit code and what it printed. Modules that it imported are gone."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    command = ["codecbench", *map(str, arguments)]
    terminating, modules = signal.getsignal(signal.SIGTERM), set(sys.modules)
    with (
        chdir(folder or Path.cwd()),
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", command),
        patch.object(sys, "path", list(sys.path)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, terminating)
            for name in set(sys.modules) - modules:
                if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(Path.cwd()):
                    del sys.modules[name]  # of the folder, which may hold others of that name the next time
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())
