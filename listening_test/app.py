"""The web app of a listening test: ``codecbench listen serve``, or any ASGI server with ``listening_test.app:app``.

Streamlit runs this very file as the script of every page; imported, it is the application.
"""

from __future__ import annotations

import streamlit as st

from listening_test.screens import messages, serving, settings


def main() -> None:
    """All pages: the listener's at ``/``, the experimenter's at ``/experimenter``."""
    from listening_test.screens import listener
    from listening_test.screens.experimenter import login
    from listening_test.screens.experimenter import page as experimenter

    st.set_page_config(page_title=" ", layout="centered", initial_sidebar_state="collapsed")
    listening = st.Page(listener.show, title="Listening test", default=True)
    watching = st.Page(experimenter.show, title="Experimenter", url_path="experimenter")
    chosen = st.navigation([listening, watching], position="hidden")
    if chosen == listening and "p" not in st.query_params and login.has_account():
        st.switch_page(watching)  # OIDC brings people back to the start
    chosen.run()


if __name__ == "__main__":
    main()
else:
    from starlette.middleware import Middleware

    from listening_test.player.route import audio_route
    from listening_test.screens.doors import Doors
    from listening_test.screens.headers import Headers

    settings.apply()
    app = st.App(
        __file__,
        routes=[audio_route(serving.sound)],
        middleware=[Middleware(Headers), Middleware(Doors)],
        on_script_error=messages.failed,
    )
