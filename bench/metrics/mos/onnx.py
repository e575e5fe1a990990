"""Networks in ONNX files: one session for each file and process, on one thread."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.errors import MissingRequirement
from bench.models.weights import not_weights
from bench.store import sha256_of

PACKAGES = ("speechmos", "onnxruntime")
"""What a predictor on a packaged model rests on."""


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


def short_hash(path: Path) -> str:
    """Enough of the hash to tell models apart."""
    return sha256_of(path)[:12]


@lru_cache(maxsize=8)
def session(path: Path, what: str, inner: tuple[str, ...] = ()) -> Any:
    """The onnxruntime session of ``path``, kept by the process; the tensors ``inner`` are outputs too, after its own.

    Raises:
        MissingRequirement: the file is not ``what``.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        model = path.read_bytes() + _more_outputs(inner) if inner else str(path)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # onnxruntime has a class of its own for every way to fail
        raise not_weights(path, what, error) from None


def _more_outputs(names: tuple[str, ...]) -> bytes:
    """What makes the float tensors ``names`` outputs of a model that it is appended to.

    Protobuf joins the two occurrences of the graph: field 7 of ModelProto, whose field 12 lists the outputs by name
    (field 1) and type (field 2; tensor, field 1, of elements, field 1, of type 1, float).
    """
    float_tensor = _field(1, b"\x08\x01")
    outputs = [_field(12, _field(1, name.encode()) + _field(2, float_tensor)) for name in names]
    return _field(7, b"".join(outputs))


def _field(number: int, content: bytes) -> bytes:
    """A protobuf field of bytes: its number and kind, its length in groups of 7 bits, its content."""
    length, groups = len(content), []
    while length > 127:
        groups.append(length & 127 | 128)
        length >>= 7
    return bytes([number << 3 | 2, *groups, length]) + content
