"""Files that a manifest names by URL and hash: fetched once, found again by their hash."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from bench.datasets.base import sha256_of
from bench.datasets.download import Patience, download

SCHEMES = ("http", "https", "file")
TIMEOUT_S = 30.0


def is_url(path: str) -> bool:
    """Whether ``path`` is a URL that :func:`fetch` takes."""
    return path.split("://", 1)[0].lower() in SCHEMES and "://" in path


def fetch(url: str, sha256: str, cache_dir: Path, timeout_s: float = TIMEOUT_S) -> Path:
    """The file behind ``url``, from ``cache_dir`` where it is there already with the right content.

    Raises:
        DatasetError: it cannot be had, or its content is not that of ``sha256``; nothing is kept then.
    """
    target = place(url, sha256, cache_dir)
    if target.is_file() and sha256_of(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # a folder of its own, because several runs may fetch one file at the same time
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=target.parent) as folder:
        fetched = Path(folder, target.name)
        download(url, fetched, f"sha256:{sha256}", patience=Patience(timeout_s, tries=3, pause_s=0.2))
        fetched.replace(target)
    return target


def place(url: str, sha256: str, cache_dir: Path) -> Path:
    """Where :func:`fetch` keeps the file."""
    return cache_dir / "fetched" / f"{sha256}{PurePosixPath(unquote(urlsplit(url).path)).suffix}"
