"""What is compiled, where its cache cannot be written or is damaged; each time in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="pip install 'codecbench[metrics]'")

ROOT = Path(__file__).parents[2]
MODULE = """
from bench.metrics.visqol.compiled import compiled

@compiled("f8(f8)")
def doubled(value):
    return 2 * value

print(doubled(21.0))
"""


@pytest.fixture
def doubled(tmp_path):
    """What a fresh process computes in compiled code, whose caches are below ``tmp_path``."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "doubling.py").write_text(MODULE)

    def run(cache):
        places = {"HOME": cache, "XDG_CACHE_HOME": cache, "NUMBA_CACHE_DIR": cache}
        environment = os.environ | {name: str(folder) for name, folder in places.items()}
        command = [sys.executable, "-B", "-W", "error", "-c", "import package.doubling"]
        environment["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{ROOT}"
        return float(subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120).stdout)

    return run


def test_it_works_where_no_folder_can_be_written(doubled, tmp_path):
    """A file stands where numba would make its folders, which stops an administrator too."""
    for name in ("file", "package/__pycache__"):
        (tmp_path / name).touch()
    assert doubled(tmp_path / "file" / "folder") == 42


@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc"])
def test_a_damaged_cache_is_replaced(pattern, doubled, tmp_path):
    folder = tmp_path / "numba"
    assert doubled(folder) == 42
    (path,) = folder.rglob(pattern)
    whole = path.stat().st_size
    path.write_bytes(b"")
    assert doubled(folder) == 42
    assert path.stat().st_size == whole
