"""Thread counts: one thread in every process that measures, whatever the number of workers.

A sum over two threads differs in its last bit from a sum over one, and the number of workers must not show in a table.
"""

from __future__ import annotations

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""Environment variables; they count only before numpy, numba or torch is imported."""
