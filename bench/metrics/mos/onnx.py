"""Networks in ONNX files: one session for each file and process, on one thread."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.errors import MissingRequirement
from bench.hashes import sha256_of
from bench.weights import not_weights


def packaged(name: str) -> Path:
    """The file ``name`` inside the installed ``speechmos`` package, which is not imported: it lacks its dependencies.

    Raises:
        MissingRequirement: it is not there.
    """
    spec = importlib.util.find_spec("speechmos")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        if (path := Path(folder) / name).is_file():
            return path
    raise MissingRequirement(
        f"expected {name} in the package speechmos, but it is not there. To get it: pip install 'codecbench[mos]'"
    )


def versions() -> str:
    """The packages that can change a value."""
    return f"speechmos {version('speechmos')}, onnxruntime {version('onnxruntime')}"


def short_hash(path: Path) -> str:
    """Enough of the hash to tell models apart."""
    return sha256_of(path)[:12]


@lru_cache(maxsize=8)
def session(path: Path, what: str) -> Any:
    """The onnxruntime session of ``path``, kept by the process.

    Raises:
        MissingRequirement: the file is not ``what``.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # onnxruntime has a class of its own for every way to fail
        raise not_weights(path, what, error) from None
