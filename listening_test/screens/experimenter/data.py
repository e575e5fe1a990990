"""Raw data for download, and closing the test."""

from __future__ import annotations

import io
import json

import pandas as pd
import streamlit as st

from listening_test.analysis.frames import as_ratings
from listening_test.session import Sessions


def show(sessions: Sessions) -> None:
    """Downloads are made when they are asked for; they name conditions."""
    st.markdown("**Download**")
    if st.button("Prepare the files"):
        st.session_state["files"] = _files(sessions)
    for name, (content, kind) in st.session_state.get("files", {}).items():
        st.download_button(name, content, f"{sessions.test.name}_{name}", kind, on_click="ignore")
    st.caption("Ratings as they were given, none excluded; conditions are named, people by pseudonym.")
    st.divider()
    if sessions.closed:
        if st.button("Open the test again"):
            sessions.reopen()
            st.rerun()
        return
    st.markdown("**Close the test**")
    sure = st.checkbox("No more answers; every link stops working")
    if st.button("Close the test", disabled=not sure):
        sessions.close()
        st.rerun()


def _files(sessions: Sessions) -> dict[str, tuple[bytes, str]]:
    """Ratings and events as tables; answers as JSON, for text of people in a spreadsheet could be a formula."""
    ratings = as_ratings(sessions.export_rows())
    parquet = io.BytesIO()
    ratings.to_parquet(parquet, index=False)
    events = pd.DataFrame([{**row, "detail": json.dumps(row["detail"])} for row in sessions.event_rows()])
    answers = json.dumps(sessions.answer_rows(), indent=1, ensure_ascii=False)
    return {
        "ratings.csv": (ratings.to_csv(index=False).encode(), "text/csv"),
        "ratings.parquet": (parquet.getvalue(), "application/octet-stream"),
        "events.csv": (events.to_csv(index=False).encode(), "text/csv"),
        "answers.json": (answers.encode(), "application/json"),
    }
