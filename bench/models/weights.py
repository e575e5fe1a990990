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
"""What a model of the transformers package needs at least."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Files that were found. ``sha256`` is of all of them, and part of the identity."""

    path: Path
    sha256: str

    @property
    def short(self) -> str:
        """Enough of the hash to tell weights apart."""
        return self.sha256[:12]


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file that a codec or a metric needs and that can be fetched. ``sha256`` is checked whenever it is fetched."""

    name: str
    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of one name: files with a checksum, or a repository of the hub. ``licence`` is that of the weights.

    ``needed`` are the files of the repository, of which ``a|b`` stands for one of the two. ``variable`` is the
    environment variable, if there is one, that names another repository, a folder, or a checkpoint file.
    """

    name: str
    licence: str
    files: tuple[WeightFile, ...] = ()
    repository: str = ""
    needed: tuple[str, ...] = MODEL_FILES
    variable: str = ""

    @property
    def source(self) -> str:
        """Where it comes from."""
        return f"hub: {self.chosen}" if self.repository else self.files[0].url.rsplit("/", 1)[0]

    @property
    def chosen(self) -> str:
        """The repository, or what the environment names instead."""
        return os.environ.get(self.variable) or self.repository if self.variable else self.repository

    @property
    def checked(self) -> bool:
        """Whether what is fetched is checked; where nobody states a checksum, it cannot be."""
        return all(file.sha256 for file in self.files)

    def find(self) -> Weights:
        """The weights on this machine; nothing is downloaded.

        Raises:
            MissingRequirement: they are not there; what to do.
        """
        if self.files:
            (file,) = self.files
            folder = folder_of(self.name)
            return Weights(folder / file.name, require_files(self.name, folder, self.files, "", self.licence))
        path, found = self.locate()
        return Weights(path, sha256_of(path) if found == [path] else _combined(found))

    def locate(self) -> tuple[Path, list[Path]]:
        """Of a repository, without hashing: the folder (or checkpoint file), and the files of it that count.

        Raises:
            MissingRequirement: they are not in the local cache of the hub, nor where another place is named.
        """
        path = Path(self.chosen).expanduser()
        if path.is_file():
            return path, [path]
        folder = path if path.is_dir() else _from_hub(self.chosen, self.needed)
        if folder is None:
            raise MissingRequirement(
                f"{self.name} needs its weights{_under(self.licence)}: expected a folder, a checkpoint file or a "
                f"fetched repository at {self.chosen!r}, and there is none. Copy {listed(self.needed)} to a folder and "
                f"name it with {self.variable or 'the option `weights`'}. To get it: codecbench weights fetch "
                f"{self.name}"
            )
        found = {name: _one_of(folder, name) for name in self.needed}
        missing = [name for name, file in found.items() if file is None]
        if missing:
            raise MissingRequirement(
                f"{self.name}: expected {listed(self.needed)} in {folder}, but {listed(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} not there. To get it: codecbench weights fetch {self.name}"
            )
        return folder, [file for file in found.values() if file]


def find(codec: str, place: str) -> Weights:
    """The weights of ``codec`` at ``place``: a folder, a ``.th`` file, or a repository such as ``owner/name``.

    Raises:
        MissingRequirement: they are not there; what to do.
    """
    return Model(codec, "", repository=place).find()


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
