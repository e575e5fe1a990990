"""JSON, YAML, Parquet and NPZ that a stranger may have written: they are read, or raise ValueError or OSError.

The libraries below raise many other errors for hostile bytes, and some take all memory or time for a small file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import yaml

MAX_YAML = 1 << 20
"""Characters of a YAML text; a configuration has a few thousand."""

MAX_NODES = 100_000
"""Values in a YAML text with every alias written out: nine lines of aliases can stand for a billion."""

MAX_ROWS = 4_000_000
"""Rows that a Parquet file of any size may have; a larger one may have a row for each of its bytes."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str | bytes, **how: Any) -> Any:
    """``json.loads(text, **how)``.

    Raises:
        ValueError: no JSON, nested too deeply, or with half of a surrogate pair, which no file can hold as UTF-8.
    """
    text = text if isinstance(text, str) else text.decode("utf-8-sig")
    try:
        value = json.loads(text, **how)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if _SURROGATE.search(text):
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    return value


def parse_yaml(text: str) -> Any:
    """The plain values in a YAML text; tags that make Python objects are refused.

    Raises:
        ValueError: no YAML, a key given twice, too long or nested too deeply, or aliases that stand for too much.
    """
    import yaml

    if len(text) > MAX_YAML:
        raise ValueError(f"it has {len(text)} characters, more than {MAX_YAML}")
    try:
        value = yaml.load(text, Loader=_loader())  # noqa: S506  # a SafeLoader
        size = _size(value, {}, set())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, AttributeError, TypeError, OverflowError) as error:  # such as !!timestamp on a name
        raise ValueError(" ".join(str(error).split())) from None
    if size > MAX_NODES:
        raise ValueError(f"its aliases stand for more than {MAX_NODES} values")
    return value


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """The table at ``path``.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged, or unpacks to far more rows than an honest table of its size.
    """
    import pandas as pd

    require_plausible(path)
    try:
        return pd.read_parquet(path, columns=columns)
    except Exception as error:  # noqa: BLE001  # damaged metadata raises whatever the code behind it raises
        raise ValueError(f"{type(error).__name__}: {' '.join(str(error).split())}") from None


def read_arrays(path: Path) -> dict[str, Any]:
    """The arrays in the NPZ file at ``path`` by name; pickled objects are refused.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is damaged, or no such file.
    """
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            return dict(found)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # of zipfile, zlib, numpy's parser, and memory that is not there
        raise ValueError(f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]) from None


def require_plausible(path: Path) -> None:
    """Raise ValueError where the Parquet file at ``path`` cannot be read, or says that it has too many rows."""
    import pyarrow.parquet as pq

    size = path.stat().st_size
    try:
        rows = pq.read_metadata(path).num_rows
        pq.read_schema(path)
    except Exception as error:  # noqa: BLE001
        raise ValueError(f"{type(error).__name__}: {' '.join(str(error).split())}") from None
    if not 0 <= rows <= max(MAX_ROWS, size):
        raise ValueError(f"it says that it has {rows} rows in {size} bytes")


def _loader() -> type[yaml.SafeLoader]:
    """A SafeLoader that refuses a key given twice, where PyYAML would silently take the last."""
    import yaml

    class UniqueKeys(yaml.SafeLoader):
        def mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
            keys: set[Any] = set()
            for key_node, _ in node.value:
                if key_node.tag == "tag:yaml.org,2002:merge":
                    continue
                key = self.construct_object(key_node)
                if isinstance(key, Hashable) and key in keys:
                    raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", node.start_mark)
                if isinstance(key, Hashable):
                    keys.add(key)
            self.flatten_mapping(node)
            return self.construct_mapping(node, deep=True)

    UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, UniqueKeys.mapping)
    return UniqueKeys


def _size(value: Any, known: dict[int, int], above: set[int]) -> int:
    """Values in ``value``, shared ones as often as they stand there. RecursionError where it holds itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in above:
        raise RecursionError
    if id(value) not in known:
        inside = above | {id(value)}
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(part, known, inside) for part in parts)
    return known[id(value)]
