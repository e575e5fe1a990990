"""The leaderboard that `codecbench leaderboard` wrote, beside the test that feeds it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from listening_test.screens.experimenter.unblinding import unblinded
from listening_test.screens.settings import LEADERBOARD, setting
from listening_test.session import Sessions

VERSION = 1
"""Of the file that this page reads."""

DEFAULT = "results/leaderboard.json"


def show(_: Sessions) -> None:
    """A table to sort and to filter, and the same as a page to take along."""
    if not unblinded("the leaderboard"):
        return
    path = Path(setting(LEADERBOARD) or DEFAULT)
    try:
        boards, sources = read(path)
    except (OSError, ValueError) as error:
        why = "it is not there." if isinstance(error, FileNotFoundError) else error
        st.info(f"No leaderboard at {path.name}: {why}")
        st.markdown(f"`codecbench leaderboard RUN --ratings TEST` writes it; `{LEADERBOARD}` says where it is.")
        return
    titles = [board["title"] for board in boards]
    left, right = st.columns([2, 1])
    chosen = left.selectbox("Table", range(len(boards)), format_func=titles.__getitem__)
    words = right.text_input("Find", placeholder="opus").lower().split()
    board = boards[chosen or 0]
    shown = table(board)
    names = (shown["condition"] + " " + shown["source"]).str.lower()
    kept = [all(word in name for word in words) for name in names]
    st.dataframe(shown[kept], hide_index=True, width="stretch")
    st.caption(
        "Behind each mean: its 95 % interval, and the ranks that the data leave open. Equal ranks are ties; scores of "
        "different tests are not comparable."
    )
    for note in board["notes"]:
        st.text(note)
    with st.expander("Sources"):
        for source in sources:
            about = (
                source["kind"].replace("_", " "),
                source["about"],
                source["date"],
                source["revision"],
                *source["notes"],
            )
            st.text(f"{source['id']}: {' · '.join(text for text in about if text)}")
    page = path.with_suffix(".html")
    if page.is_file():
        st.download_button("The leaderboard as one page", page.read_bytes(), page.name, "text/html", on_click="ignore")


def read(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The boards and the sources of a file of ``codecbench leaderboard``.

    Raises:
        OSError: it is not there.
        ValueError: it is something else, or of another version.
    """
    found = json.loads(path.read_text(encoding="utf-8"))
    version = found.get("version") if isinstance(found, dict) else None
    if version != VERSION or not isinstance(found.get("boards"), list):
        raise ValueError(f"expected a leaderboard of version {VERSION}, got {version!r}. Write it again.")
    return found["boards"], found["sources"]


def table(board: dict[str, Any]) -> pd.DataFrame:
    """A row for each entry: who, at how many kbit/s, for each score the mean and what is known of it, and its costs.

    What is known of no entry has no column.
    """
    rows = []
    for entry in board["entries"]:
        first = entry["values"].get(board["sorted_by"]) or {}
        row: dict[str, Any] = {
            "rank": _rank(first),
            "condition": entry["condition"],
            "source": _source(entry),
            "kbit/s": _number(entry["actual_bps"]) / 1000,
            "nominal kbit/s": _number(entry["nominal_bps"]) / 1000,
            **{f"{coder} kbit/s": _number(bps) / 1000 for coder, bps in entry["entropy_bps"].items()},
        }
        for column in board["columns"]:
            value = entry["values"].get(column["key"]) or {}
            row[column["name"]] = _number(value.get("mean"))
            listeners = f"n = {value['n']}" if column["kind"] == "mushra" and value.get("n") else ""
            row[f"{column['name']} "] = " ".join(part for part in (_interval(value), _rank(value), listeners) if part)
        row |= {
            "encode × real time": _number(entry["encode_rtf"]),
            "decode × real time": _number(entry["decode_rtf"]),
            "delay ms": _number(entry["delay_ms"]),
            "parameters": _number(entry["parameters"]),
            "licence": entry["licence"] or None,
            "n": entry["n"],
            "failed": entry["n_failed"],
        }
        rows.append(row)
    return pd.DataFrame(rows).dropna(axis="columns", how="all").round(3)


def _source(entry: dict[str, Any]) -> str:
    """With what readers must know of it."""
    marks = ["published"] * (entry["kind"] == "published") + ["partial"] * (not entry["complete"])
    return f"{entry['source']} ({', '.join(marks)})" if marks else str(entry["source"])


def _number(value: float | str | None) -> float:
    """Infinities are text in JSON."""
    return math.nan if value is None else float(value)


def _rank(value: dict[str, Any]) -> str:
    rank = value.get("rank")
    if not rank:
        return ""
    best, worst = rank["best"], rank["worst"]
    return f"{best} of {rank['of']}" if best == worst else f"{best}–{worst} of {rank['of']}"


def _interval(value: dict[str, Any]) -> str:
    low, high = value.get("low"), value.get("high")
    return "" if low is None or high is None else f"[{_number(low):.4g}, {_number(high):.4g}]"
