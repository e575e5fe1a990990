"""Functions of pingouin, which takes seconds to import: only where it is used."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from listening_test.extra import needing


def pingouin(name: str, *arguments: Any, **options: Any) -> pd.DataFrame:
    """The table that the function ``name`` of pingouin gives; its warnings about cells without spread become NaN.

    Raises:
        MissingRequirement: it is not installed.
    """
    with needing("the analysis of a listening test"):
        import pingouin as package
    function: Callable[..., pd.DataFrame] = getattr(package, name)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*arguments, **options)
