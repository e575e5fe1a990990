"""Results, only after a click: whoever has seen them is not blind any more."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from listening_test.analysis.analysed import Analysis, analyse
from listening_test.analysis.devices import devices
from listening_test.analysis.frames import as_ratings
from listening_test.analysis.page import page
from listening_test.analysis.pictures import pictures
from listening_test.analysis.screening import PRESETS, screening
from listening_test.analysis.sheets import of_conditions, of_listeners
from listening_test.screens.experimenter.unblinding import unblinded
from listening_test.screens.experimenter.watching import REHEARSAL, people_or_rehearsal
from listening_test.session import Sessions

DRAWS = 1000
"""Of the permutation tests: enough to look; `codecbench listen analyze` makes the standard's 10 000."""


def show(sessions: Sessions) -> None:
    """Ask first, then tables and box plots of the people who listened so far."""
    if not unblinded("results"):
        return
    counted = [row for row in sessions.export_rows() if not row["training"]]
    rows, rehearsed = people_or_rehearsal(counted, lambda row: bool(row["simulated"]))
    if rehearsed:
        st.warning(REHEARSAL)
    if not rows:
        st.info("Nobody has submitted a trial that counts.")
        return
    names = list(PRESETS)
    own = sessions.test.rules.screening
    chosen = st.selectbox("Screening", names, index=names.index(own) if own in names else 0)
    analysis = analyse(as_ratings(rows), screening(chosen), sessions.test.seed, DRAWS, test=sessions.test)
    _show(analysis)
    html = page(analysis, sessions.test, devices(sessions.answer_rows()))
    st.download_button("The report as one page", html, f"{sessions.test.name}.html", "text/html", on_click="ignore")


def _show(analysis: Analysis) -> None:
    if analysis.test_type in ("mushra", "acr", "dcr"):
        for picture in pictures(analysis):
            on_paper = picture.svg.replace('style="', 'style="background:white;', 1)  # it is drawn in black
            st.image(on_paper, caption=picture.caption, width="stretch")
    for sheet in (of_conditions(analysis), of_listeners(analysis)):
        st.markdown(f"**{sheet.title}**")
        st.dataframe(pd.DataFrame(sheet.rows, columns=list(sheet.columns)), hide_index=True, width="stretch")
    for caution in analysis.cautions:
        st.text(f"! {caution}")
