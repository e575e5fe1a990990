"""Live progress: who is where, how many will count, what looks wrong."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from listening_test.analysis.counts import fewest_valid
from listening_test.analysis.frames import as_ratings
from listening_test.analysis.screening import screen, screening
from listening_test.screens.experimenter.watching import REHEARSAL, flags, forecast, people_or_rehearsal
from listening_test.session import Progress, Sessions

EVERY_S = 15.0


def show(sessions: Sessions) -> None:
    """Read anew every few seconds; nothing here tells conditions apart."""
    st.fragment(lambda: _show(sessions), run_every=EVERY_S)()


def _show(sessions: Sessions) -> None:
    people, rehearsed = people_or_rehearsal(sessions.progress(), lambda row: row.simulated)
    rows = [row for row in sessions.export_rows() if bool(row["simulated"]) == rehearsed]
    if rehearsed:
        st.warning(REHEARSAL)
    excluded: set[str] = set()
    if rows and sessions.test.rules.type == "mushra":
        checks = screen(as_ratings(rows), screening(sessions.test.rules.screening)).checks
        excluded = set(checks[checks["excluded"].astype(bool)]["listener"])
    known = forecast({row.listener: row.status for row in people if row.listener}, excluded)
    rarest = fewest_valid(as_ratings(rows), sessions.test)
    columns = st.columns(4)
    columns[0].metric("Finished", known.finished)
    columns[1].metric("Valid so far", known.valid)
    columns[2].metric("Valid with those under way", f"{known.with_running:.1f}")
    columns[3].metric("Valid if all invited come", f"{known.with_invited:.1f}")
    st.caption(
        f"Screening {sessions.test.rules.screening}, applied to what is there; the share of valid listeners is "
        f"expected to be {known.share:.0%}. Valid ratings of the stimulus that has the fewest: {rarest.ratings}; "
        f"needed: {rarest.needed or 'not set'}."
    )
    st.dataframe(pd.DataFrame(listed(people)), hide_index=True, width="stretch")
    st.markdown("**Worth a look**")
    found = [{"listener": f.listener, "what": f.what, "trials": f"{f.trials} of {f.of}"} for f in flags(rows)]
    if found:
        st.dataframe(pd.DataFrame(found), hide_index=True, width="stretch")
    else:
        st.caption("Nothing.")


def listed(people: Iterable[Progress]) -> list[dict[str, str]]:
    """A row for each invitation; what did not happen yet is empty."""
    return [
        {
            "listener": row.listener,
            "status": row.status,
            "trials": f"{row.trials_done} of {row.trials}" if row.started else "",
            "block": str(row.block) if row.started else "",
            "started": row.started[:16],
            "last seen": row.last_seen[:16],
            "finished": row.finished[:16],
            "note": row.note,
        }
        for row in people
    ]
