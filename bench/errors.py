"""Every error codecbench raises on purpose.

    CodecbenchError
    ├── ConfigError          a configuration or command line that cannot be run; lists all its problems
    │   └── UnknownName      no codec, metric or dataset of that name
    ├── MissingRequirement   a package, program or model that is not installed, and how to get it
    │   └── DamagedWeights   files of a model that are there and do not hold it
    ├── DatasetError         a dataset that is not where, or not what, its manifest says
    ├── AudioError           a file or signal that cannot be measured
    ├── CodecError           a codec that failed on one clip
    ├── NotApplicable        a codec or metric that does not speak of this kind of signal
    ├── MetricUndefined      a metric without a value for this pair, such as SI-SDR against silence
    ├── StoreError           results or cache that cannot be read or written
    │   └── FolderInUse      a data set that another process builds in the same folder
    └── WorkerDied           a worker process that ended, or was ended, in the middle of a cell

Each class knows the ``status`` of the row that it turns into.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class CodecbenchError(Exception):
    """Base of every error that is the input's fault; the command line prints it without a traceback."""

    status: ClassVar[str] = "failed"


class ConfigError(CodecbenchError):
    """A configuration that cannot be run. ``problems`` holds every one of them, not only the first."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class UnknownName(ConfigError):
    """No codec, metric or dataset is called that."""


class MissingRequirement(CodecbenchError):
    """Something that is not installed; the message ends with the line that installs it."""


class DamagedWeights(MissingRequirement):
    """Weights that are there and are not what they should be; to fetch them again mends it."""


class DatasetError(CodecbenchError):
    """A dataset that is not where, or not what, its manifest says."""


class AudioError(CodecbenchError):
    """A file or a signal that cannot be measured."""


class CodecError(CodecbenchError):
    """A codec that failed on one clip."""


class NotApplicable(CodecbenchError):
    """A codec or metric that does not speak of this kind of signal."""

    status = "not_applicable"


class MetricUndefined(CodecbenchError):
    """A metric that has no value for this pair."""

    status = "undefined"


class StoreError(CodecbenchError):
    """Results or cache that cannot be read or written."""


class FolderInUse(StoreError):
    """Another process builds a data set in the same folder."""


class WorkerDied(CodecbenchError):
    """A worker process ended, or was ended, in the middle of a cell."""


def row_of(error: BaseException) -> tuple[str, str]:
    """``(status, reason)`` of the row that ``error`` becomes; what UTF-8 cannot hold is escaped in it."""
    status, text = ("failed", f"{type(error).__name__}: {error}")
    if isinstance(error, CodecbenchError):
        status, text = error.status, str(error)
    return status, " ".join(text.encode("utf-8", "backslashreplace").decode().split())
