"""What the loader ``huggingface`` needs of the library ``datasets``, and its errors in our words."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.datasets.base import DatasetContext
from bench.errors import DatasetError
from bench.storage import is_remote

HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True)
class Opened:
    """A split, opened. ``columns`` says of each whether it is ``audio``, ``array``, ``plain`` or ``other``."""

    data: Any
    split: str
    columns: Mapping[str, str]
    classes: Mapping[str, list[str]]
    licence: str
    root: Path
    streaming: bool

    @property
    def count(self) -> int:
        return len(self.data)

    def with_original_files(self, column: str) -> Opened:
        """The same, with the bytes of the files in ``column`` instead of samples."""
        import datasets

        feature = self.data.features[column]
        if not isinstance(feature, datasets.Audio) or not feature.decode:
            return self
        return replace(self, data=self.data.cast_column(column, datasets.Audio(decode=False)))

    def values(self, column: str, count: int) -> list[Any]:
        """The first ``count`` values of a column, which alone is read."""
        rows = self.data.select_columns([column])
        return [row[column] for row in itertools.islice(rows, count)]

    def rows(self, chosen: Iterable[tuple[str, int]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The rows of ``chosen`` (a name and a number each, rising), with those names."""
        with _errors(f"{self.root}"):
            if self.streaming:
                yield from zip((name for name, _ in chosen), self.data, strict=False)
            else:
                yield from ((name, self.data[row]) for name, row in chosen)

    def fetched(self, url: str) -> bytes:
        """The content behind a path of another file system, such as ``hf://`` or ``zip://``."""
        import fsspec

        with _errors(url), fsspec.open(url, "rb") as file:
            content: bytes = file.read()
        return content


def open_dataset(
    what: str,
    path: str,
    config: str | None,
    split: str | None,
    revision: str | None,
    streaming: bool,
    context: DatasetContext,
) -> Opened:
    """Open a split of the dataset at ``path``: a folder, else an id of the hub.

    Raises:
        DatasetError: there is none, or it cannot be reached; it says what to do.
    """
    import datasets

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    if HUB_ID.fullmatch(path) and is_remote(context.locate(path)):
        context = replace(context, data_dir=None)  # an id of the hub is nothing below a URL
    folder = context.resolve(path)
    local = folder.is_dir()
    if not local and not HUB_ID.fullmatch(path):
        context.folder(path, what)
    with _errors(f"{what}: {folder if local else path}", "" if local else f"There is no folder {folder} either. "):
        if local and any((folder / name).is_file() for name in ("state.json", "dataset_dict.json")):
            splits = datasets.load_from_disk(str(folder))
            if isinstance(splits, datasets.Dataset):
                splits = {str(splits.split or "all"): splits}
            name = _chosen(what, split, list(splits))
            return _opened(splits[name], name, folder, streaming)
        options: dict[str, Any] = {"path": str(folder), "name": config} if local else {"path": path, "name": config}
        options |= {} if local else {"revision": revision}
        streams = datasets.load_dataset(**options, streaming=True)
        name = _chosen(what, split, list(streams))
        if streams[name].features:
            options["features"] = _without_codec(streams[name].features)
        if local:
            options["cache_dir"] = str(context.cache_dir / "huggingface")
        in_place = local and streams[name].info.builder_name == "audiofolder"  # there is nothing to fetch
        data = datasets.load_dataset(**options, split=name, streaming=streaming and not in_place)
        return _opened(data, name, folder if local else context.cache_dir, streaming)


def _without_codec(features: Any) -> Any:
    """``features`` with audio that is handed on as it is: the library's own wants torchcodec even for that."""
    import datasets

    class Untouched(datasets.Audio):  # type: ignore[misc]
        def encode_example(self, value: Any) -> dict[str, Any]:
            if isinstance(value, Mapping):
                return {"bytes": value.get("bytes"), "path": value.get("path")}
            return {"bytes": value, "path": None} if isinstance(value, bytes) else {"bytes": None, "path": str(value)}

    return datasets.Features(
        {
            key: Untouched(decode=False) if isinstance(feature, datasets.Audio) else feature
            for key, feature in features.items()
        }
    )


def _chosen(what: str, split: str | None, there: list[str]) -> str:
    if split is None and len(there) == 1:
        return there[0]
    if split in there:
        return str(split)
    got = "none" if split is None else repr(split)
    raise DatasetError(f"{what}: expected `split` to be one of {', '.join(there)}, got {got}.")


def _opened(data: Any, split: str, root: Path, streaming: bool) -> Opened:
    import datasets

    if data.features is None:
        data = data._resolve_features()
    columns = {name: _kind(feature) for name, feature in data.features.items()}
    classes = {
        name: feature.names for name, feature in data.features.items() if isinstance(feature, datasets.ClassLabel)
    }
    return Opened(data, split, columns, classes, str(data.info.license or ""), root, streaming)


def _kind(feature: Any) -> str:
    import datasets

    if isinstance(feature, datasets.Audio) or (isinstance(feature, Mapping) and {*feature} == {"bytes", "path"}):
        return "audio"  # the second is how it stands in Parquet files that others than this library wrote
    if isinstance(feature, Mapping) and {"array", "sampling_rate"} <= {*feature}:
        return "array"
    plain = ("string", "large_string", "bool", "int", "uint", "float")
    if isinstance(feature, datasets.ClassLabel) or str(getattr(feature, "dtype", "")).rstrip("0123456789") in plain:
        return "plain"
    return "other"


@contextmanager
def _errors(what: str, more: str = "") -> Iterator[None]:
    """Turns what the library raises into a DatasetError in one line, with what to do."""
    from datasets.exceptions import DatasetsError

    try:
        yield
    except ConnectionError as error:
        raise DatasetError(
            f"{what}: the Hugging Face hub cannot be reached ({_line(error)}). {more}On a machine with a network, "
            "`hf download --repo-type dataset NAME --local-dir FOLDER` fetches it; copy the folder here and give it as "
            "`path`."
        ) from None
    except ImportError as error:
        raise DatasetError(
            f"{what}: the library datasets cannot read this kind of dataset here ({_line(error)}). Tar shards can be "
            "read by the loader webdataset, files in folders by the loader folder."
        ) from None
    except (DatasetsError, OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        cause = f": {_line(error.__cause__)}" if error.__cause__ else ""
        raise DatasetError(
            f"{what}: cannot be opened ({_line(error)}{cause}). {more}Correct `path`, `config` or `revision`."
        ) from None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
