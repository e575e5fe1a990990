"""Listening tests in a record: pseudonyms and scores, nothing about a person, and of files that the run has made."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.records.problems import Problem, of_rows
from bench.records.schemas import Table
from bench.records.tables import is_empty, table_problems

KEY = ("test", "listener", "trial", "condition")
SCALES = {"mushra": (0, 100), "acr": (1, 5), "dcr": (1, 5), "abx": (0, 1), "ab": (0, 1)}


def rating_problems(
    folder: Path, name: str, table: Table, run: str, encodings: pd.DataFrame
) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The ratings called ``name`` (such as ``ratings/mine``) and what is wrong with them."""
    ratings, problems = table_problems(folder, name, table)
    if ratings is None or ratings.empty:
        return ratings, problems
    path = folder / f"{name}.parquet"
    tests = list(map(str, ratings["test"].unique()))
    if tests != [path.stem]:
        remedy = "One file holds one test and is named after it."
        problems.append(Problem(f"{path}, column test", "another test", path.stem, ", ".join(tests), remedy))
    rows = ratings[ratings["simulated"].fillna(True).astype(bool)]
    if len(rows):
        remedy = "Simulated listeners say nothing about codecs: analyse the test without them."
        got = f"{rows['listener'].nunique()} simulated listeners"
        problems.append(Problem(f"{path}, column simulated", "nobody listened", "people", got, remedy))
    for kind, (low, high) in SCALES.items():
        scores = ratings.loc[(ratings["test_type"] == kind).fillna(False).astype(bool)]
        beyond = scores[((scores["score"] < low) | (scores["score"] > high)).fillna(False).astype(bool)]
        where, remedy = f"{path}, column score", "Export the test again with `codecbench listen analyze`."
        problems += of_rows(where, f"off the scale of {kind}", f"{low} to {high}", beyond, KEY, remedy, ["score"])
    return ratings, problems + _of_the_run(path, ratings, run, encodings)


def _of_the_run(path: Path, ratings: pd.DataFrame, run: str, encodings: pd.DataFrame) -> list[Problem]:
    """Ratings of this run are of audio that it has decoded."""
    own = ratings[(ratings["run"] == run).fillna(False).astype(bool) & ~is_empty(ratings["decoded_sha256"])]
    if own.empty:
        remedy = "Publish a test beside the run whose files were heard."
        got = ", ".join(sorted({str(name) for name in ratings["run"].dropna() if name})) or "none"
        return [Problem(f"{path}, column run", "no rating is of this run", run, got, remedy)]
    made = set(encodings["decoded_sha256"].dropna())
    other = own[~own["decoded_sha256"].isin(made)]
    where, expected = f"{path}, column decoded_sha256", "hashes of encodings.parquet"
    remedy = "The run was measured again after the test was built: publish the run that was heard."
    return of_rows(where, "ratings of other audio", expected, other, KEY, remedy)
