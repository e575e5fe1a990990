"""Where the weights of a model lie: a folder, a checkpoint file, or a repository in the local cache of the hub."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import DamagedWeights, MissingRequirement
from bench.store import sha256_of

MODEL_FILES = ("config.json", "model.safetensors")
"""What a model of the transformers package needs at least. In such a list ``a|b`` stands for one of the two."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Files that were found. ``sha256`` is of all of them, and part of the identity."""

    path: Path
    sha256: str

    @property
    def short(self) -> str:
        """Enough of the hash to tell weights apart."""
        return self.sha256[:12]


def find(
    codec: str,
    place: str,
    files: Sequence[str] = MODEL_FILES,
    named_with: str = "the option `weights`",
    licence: str = "",
) -> Weights:
    """The weights of ``codec`` at ``place``: a folder, a ``.th`` file, or a repository such as ``owner/name``.

    Nothing is downloaded: a repository has to be in the local cache of the hub.

    Args:
        codec: the codec, metric or model, for messages.
        files: what a folder or a repository has to hold.
        named_with: how another place is chosen, for messages.
        licence: of the weights, for messages.
    Raises:
        MissingRequirement: they are not there; what to do.
    """
    path, found = locate(codec, place, files, named_with, licence)
    return Weights(path, sha256_of(path) if found == [path] else _combined(found))


def locate(
    codec: str,
    place: str,
    files: Sequence[str] = MODEL_FILES,
    named_with: str = "the option `weights`",
    licence: str = "",
) -> tuple[Path, list[Path]]:
    """As :func:`find`, without hashing: the folder (or checkpoint file), and the files of it that count."""
    path = Path(place).expanduser()
    if path.is_file():
        return path, [path]
    folder = path if path.is_dir() else _from_hub(place, files)
    if folder is None:
        raise MissingRequirement(
            f"{codec} needs its weights{_under(licence)}: expected a folder, a checkpoint file or a fetched "
            f"repository at {place!r}, and there is none. Copy {listed(files)} to a folder and name it "
            f"with {named_with}. To get it: codecbench weights fetch {codec}"
        )
    found = {name: _one_of(folder, name) for name in files}
    missing = [name for name, file in found.items() if file is None]
    if missing:
        raise MissingRequirement(
            f"{codec}: expected {listed(files)} in {folder}, but {listed(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not there. To get it: codecbench weights fetch {codec}"
        )
    return folder, [file for file in found.values() if file]


def listed(files: Sequence[str]) -> str:
    """Names of files for a message."""
    return " and ".join(name.replace("|", " or ") for name in files)


def patterns(files: Sequence[str]) -> list[str]:
    """Every name that ``files`` may stand for."""
    return [name for names in files for name in names.split("|")]


def _one_of(folder: Path, names: str) -> Path | None:
    return next((folder / name for name in names.split("|") if (folder / name).is_file()), None)


def read_tensors(path: Path, what: str) -> dict[str, Any]:
    """The tensors of a checkpoint by name. Only tensors are unpickled: a checkpoint cannot run code.

    Raises:
        MissingRequirement: the file is not ``what``.
    """
    import torch

    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception:  # noqa: BLE001  # unpickling foreign bytes fails in every way there is
        raise not_weights(path, what, "no checkpoint that torch can read") from None


def not_weights(path: Path, what: str, error: Exception | str) -> DamagedWeights:
    """The error for a file that does not hold ``what``, with what was found or how reading it failed."""
    found = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    reason = " ".join(found.split())[:200]
    return DamagedWeights(f"{path}: expected {what}, got something else ({reason}). Download the file again.")


def _from_hub(repository: str, files: Sequence[str]) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, allow_patterns=patterns(files), local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file that a codec or a metric needs and that can be fetched. ``sha256`` is checked whenever it is fetched."""

    name: str
    url: str
    sha256: str
    size: int


def folder_of(codec: str, chosen: str = "") -> Path:
    """Where the files of ``codec`` lie: ``chosen``, ``CODECBENCH_<CODEC>``, else the platform's folder for our data."""
    from platformdirs import user_data_path

    place = chosen or os.environ.get(f"CODECBENCH_{codec.upper()}")
    return Path(place).expanduser() if place else user_data_path("codecbench") / "weights" / codec


def require_files(
    codec: str,
    folder: Path,
    files: Sequence[WeightFile],
    option: str = "the option `weights` or ",
    licence: str = "",
) -> str:
    """A hash over all ``files`` in ``folder``, for the codec's identity; ``option`` is another way to name a folder.

    Raises:
        MissingRequirement: a file is not there; what to do.
    """
    missing = [file.name for file in files if not (folder / file.name).is_file()]
    if missing:
        raise MissingRequirement(
            f"{codec} needs its weights{_under(licence)}: expected {', '.join(file.name for file in files)} "
            f"in {folder}, but {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there; another folder "
            f"is named with {option}CODECBENCH_{codec.upper()}. To get it: codecbench weights fetch {codec}"
        )
    return _combined([folder / file.name for file in files])


def _under(licence: str) -> str:
    return f" (licence: {licence})" if licence else ""


def _combined(paths: Sequence[Path]) -> str:
    """One hash over the contents of several files."""
    hashes = "".join(sha256_of(path) for path in paths)
    return hashlib.sha256(hashes.encode()).hexdigest()
