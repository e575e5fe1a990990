"""The site as ``make docs`` builds it: strictly, without a network, and loading nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.reference import PAGES
from tests.conftest import ROOT

LOADED = re.compile(
    r"<(?:script|img|iframe|audio|video|source|link(?=[^>]*rel=\"?(?:stylesheet|preload|preconnect|icon)))[^>]*"
    r"(?:src|href)=\"?(?:https?:)?//[^\">\s]*"
)
"""What a browser fetches by itself from another host."""


@pytest.mark.slow
def test_it_is_built_strictly_and_asks_for_nothing(tmp_path: Path) -> None:
    for module in ("mkdocs", "material"):
        pytest.importorskip(module, reason="pip install 'codecbench[docs]'")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NO_MKDOCS_2_WARNING": "1",
        "http_proxy": "http://127.0.0.1:9",
    }
    environment["https_proxy"] = environment["http_proxy"]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert {(tmp_path / "site" / path).with_suffix(".html") for path in PAGES} <= set(pages)
    for page in pages:
        assert LOADED.findall(page.read_text(encoding="utf-8")) == []
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )[\"']?(?:https?:)?//", style.read_text(encoding="utf-8"))
    assert not list((tmp_path / "site").rglob("*.py"))
