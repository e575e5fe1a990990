"""The lines of Lhotse manifests: recordings, supervisions and cuts, as its documentation describes them.

They are read here and not by the library, which needs torch and gives no line numbers: a manifest is plain JSON Lines.

Source:
    https://lhotse.readthedocs.io/en/latest/corpus.html and cuts.html.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from bench.datasets.base import problems_of
from bench.errors import DatasetError
from bench.untrusted import parse_json


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Source(_Line):
    """Where the audio of some channels lies."""

    type: str
    channels: tuple[NonNegativeInt, ...] = Field(min_length=1)
    source: str


class Recording(_Line):
    """One recording, of one file or of one for each channel."""

    id: str
    sources: tuple[Source, ...] = Field(min_length=1)
    sampling_rate: PositiveInt
    num_samples: PositiveInt
    transforms: list[Any] | None = None


class Supervision(_Line):
    """What is known of a piece of a recording."""

    id: str
    recording_id: str
    start: float
    duration: PositiveFloat = Field(allow_inf_nan=False)
    channel: NonNegativeInt | tuple[NonNegativeInt, ...] = 0
    text: str | None = None
    language: str | None = None
    speaker: str | None = None
    gender: str | None = None
    custom: dict[str, Any] | None = None


class Cut(_Line):
    """A piece of a recording with what is known of it."""

    id: str
    type: Literal["MonoCut", "MultiCut"]
    start: NonNegativeFloat = Field(allow_inf_nan=False)
    duration: PositiveFloat | None = Field(None, allow_inf_nan=False)
    channel: NonNegativeInt | tuple[NonNegativeInt, ...] | None
    supervisions: tuple[Supervision, ...] = ()
    recording: Recording


Entry = Recording | Supervision | Cut


def read_lines(path: Path) -> list[Entry]:
    """The entries of a manifest, ``.jsonl`` or ``.jsonl.gz``.

    Raises:
        DatasetError: it cannot be read, or lines that do not fit; all of them, with their line numbers.
    """
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in enumerate(_text_lines(path), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(parse_json(line, parse_constant=lambda _: None)))
        except ValidationError as error:
            problems += [f"{path}, line {number}: {problem}" for problem in problems_of(error)]
        except ValueError as error:
            problems.append(f"{path}, line {number}: {error}.")
    if problems:
        raise DatasetError("\n".join(problems))
    return entries


def _text_lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read as a Lhotse manifest, .jsonl or .jsonl.gz ({error}).") from None


def _entry(record: Any) -> Entry:
    if not isinstance(record, dict):
        raise ValueError(f"expected a JSON object, got a {type(record).__name__}")
    if record.get("type") in ("MixedCut", "PaddingCut"):
        raise ValueError(
            f"the cut {record.get('id')!r} is a {record['type']}, whose sound is in no file; "
            "save it with Lhotse's save_audios() and use the cuts that this returns"
        )
    if record.get("type") == "DataCut" or ("recording" in record and "start" in record):
        return Cut.model_validate(record)
    if "sources" in record:
        return Recording.model_validate(record)
    if "recording_id" in record:
        return Supervision.model_validate(record)
    raise ValueError(
        f"expected a recording, a supervision or a cut with its recording, got the keys {', '.join(record)}"
    )
