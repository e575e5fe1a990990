"""Files from the network: fetched once, checked, moved into place whole."""

from __future__ import annotations

import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from bench.datasets.base import sha256_of
from bench.errors import DatasetError

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
    suffix = PurePosixPath(unquote(urlsplit(url).path)).suffix
    target = cache_dir / "fetched" / f"{sha256}{suffix}"
    if target.is_file() and sha256_of(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".fetching-", dir=target.parent)
    part = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as out:
            _download(url, out, timeout_s)
        got = sha256_of(part)
        if got != sha256:
            raise DatasetError(
                f"{url}: the content is not what the manifest says: expected sha256 {sha256}, got {got} "
                f"({part.stat().st_size} bytes); nothing was kept. Correct the manifest, or the server's file."
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _download(url: str, out: BinaryIO, timeout_s: float) -> None:
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - is_url admits three schemes
            shutil.copyfileobj(response, out)
            missing = getattr(response, "length", None)
    except urllib.error.HTTPError as error:
        with error:
            raise DatasetError(f"{url}: cannot be fetched: the server says {error.code} {error.reason}.") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DatasetError(f"{url}: cannot be fetched: {reason} (limit {timeout_s:g} s without an answer).") from None
    if missing:
        raise DatasetError(f"{url}: the connection ended {missing} bytes too early; try again.")
