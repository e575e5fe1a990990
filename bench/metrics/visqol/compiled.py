"""A loop as machine code, in strict arithmetic; kept on disk by numba where it can be."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache


def compiled(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles a function for arguments of ``signature`` at once.

    What numba keeps is used, a damaged copy of it is replaced, and where it can keep nothing every process compiles.
    """
    strictly = partial(njit, signature, error_model="numpy")

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            try:
                return strictly(cache=True)(function)
            except (EOFError, pickle.UnpicklingError):
                FunctionCache(function).flush()  # type: ignore[no-untyped-call]
                return strictly(cache=True)(function)
        except (RuntimeError, OSError):  # numba finds no folder that can be written to, or the disk is full
            return strictly()(function)

    return decorate
