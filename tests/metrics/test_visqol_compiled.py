"""What is compiled, where its cache cannot be written or is damaged; each time by another dispatcher."""

import runpy

import pytest

numba = pytest.importorskip("numba", reason="pip install 'codecbench[metrics]'")

MODULE = """
from bench.metrics.visqol.compiled import compiled

@compiled("f8(f8)")
def doubled(value):
    return 2 * value
"""


@pytest.fixture
def doubled(tmp_path, monkeypatch):
    """What freshly imported compiled code computes, whose caches are in a folder."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "doubling.py").write_text(MODULE)

    def run(cache):
        for variable in ("HOME", "XDG_CACHE_HOME"):
            monkeypatch.setenv(variable, str(cache))
        monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(cache))
        return runpy.run_path(str(tmp_path / "package" / "doubling.py"))["doubled"](21.0)

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
