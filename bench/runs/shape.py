"""Whether the tables and the record of a run are what they should be, before anything is made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    import pandas as pd


_OUTSIDE = r"^/|(?:^|/)\.\.(?:/|$)|\x00"


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Quantity(_Model):
    unit: str = ""
    summary: str = ""
    higher_is_better: bool | None = None
    low: float | Literal["-Infinity", "Infinity"] | None = None
    high: float | Literal["-Infinity", "Infinity"] | None = None
    metric: str = ""
    metric_version: str = ""
    channel_policy: str = ""
    categories: list[str] = Field(default_factory=list)


class _Info(_Model):
    run: str = Field(min_length=1)
    conditions: list[str]
    quantities: dict[str, _Quantity]
    set_quantities: dict[str, _Quantity] | None = None
    sample_rate: int | None = Field(default=None, gt=0)
    channels: int | None = Field(default=None, gt=0)
    machine: dict[str, Any] | None = None
    versions: dict[str, Any] | None = None
    costs: dict[str, dict[str, Any]] | None = None
    warnings: list[str] | None = None
    imported: list[str] | None = None
    datasets: list[Any] | None = None
    alignment: str | None = None
    resampler: str | None = None
    git_revision: str | None = None
    started: str | None = None
    ended: str | None = None


def require_info(info: object) -> None:
    """Raise ValueError, with every problem, unless ``info`` is the record of a run."""
    try:
        _Info.model_validate(info)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems = [f"{'.'.join(map(str, one['loc'])) or 'run.json'}: {one['msg']}" for one in found]
        raise ValueError("; ".join(problems)) from None


def checked_table(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    optional: Collection[str] = (),
    filled: Collection[str] = (),
    places: Collection[str] = (),
) -> pd.DataFrame:
    """``table``, its columns of the types that ``columns`` names.

    Args:
        optional: columns that runs of earlier versions lack.
        filled: columns that say something in every row.
        places: columns with paths, which have to stay below the folder of the run.
    Raises:
        ValueError: a column is missing or of another type, a row lacks what it needs, or a path leads out of the
            folder.
    """
    import pandas as pd

    if missing := [name for name in columns if name not in table and name not in optional]:
        raise ValueError(f"no column {', '.join(missing)}")
    changed = {}
    for name, kind in columns.items():
        if name not in table or str(table[name].dtype) in (kind, "category"):
            continue
        if kind == "string" and pd.api.types.is_string_dtype(table[name]):
            continue
        try:
            exact = table[name].astype("Int64") if kind == "int64" else table[name]  # half of a sample is none
            changed[name] = exact.astype(kind)  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"column {name}: expected {kind} ({' '.join(str(error).split())})") from None
    if empty := [name for name in filled if table[name].isna().any()]:
        raise ValueError(f"column {', '.join(empty)}: a row says nothing")
    for name in places:
        given = table[name].dropna().astype("string")
        outside = given[given.str.contains(_OUTSIDE, regex=True)]
        if len(outside):
            raise ValueError(f"column {name}: expected a path below the folder of the run, got {outside.iloc[0]!r}")
    return table.assign(**changed) if changed else table
