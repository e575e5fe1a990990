"""How the app is told what to serve, and how Streamlit has to behave for a blind test."""

from __future__ import annotations

import logging
import os

TEST = "CODECBENCH_LISTEN_TEST"
"""Environment variable: folder of the test."""
DATABASE = "CODECBENCH_LISTEN_DATABASE"
"""Environment variable: URL of a PostgreSQL database; SQLite in the test's folder without it."""
PASSWORD_HASH = "CODECBENCH_LISTEN_PASSWORD_HASH"  # noqa: S105
"""Environment variable: what ``codecbench listen password`` prints; without it nobody logs in by password."""
EXPERIMENTERS = "CODECBENCH_LISTEN_EXPERIMENTERS"
"""Environment variable: e-mail addresses, separated by commas, that may log in through OIDC."""
BASE = "CODECBENCH_LISTEN_BASE"
"""Environment variable: address at which listeners reach the app, for the links of invitations."""
LEADERBOARD = "CODECBENCH_LEADERBOARD"
"""Environment variable: the leaderboard.json that the experimenter sees; results/leaderboard.json without it."""

STREAMLIT: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",  # no menu, and no keys that run the page again
    "logger.level": "warning",
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,  # after every event, for tens of ms, with all sessions waiting
    "server.baseUrlPath": "",  # a proxy that serves it under a path takes that path away
    "server.disconnectedSessionTTL": 120,
    "server.enableStaticServing": False,  # names of files would tell conditions
    "server.enableWebsocketCompression": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxMessageSize": 10,  # MB; nothing of ours comes near
    "server.maxUploadSize": 1,  # MB; nothing is uploaded
    "theme.light.borderColor": "#8a8886",  # boxes and circles to choose: a contrast of 3 at least
    "theme.dark.borderColor": "#777572",
    "theme.light.primaryColor": "#2a6bc4",  # white on it has a contrast of 5.2; one for both would end the dark theme
    "theme.dark.primaryColor": "#2a6bc4",
}

HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address holds the invitation
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def apply() -> None:
    """Set Streamlit's options; call it before the app is made."""
    from streamlit import config

    for name, value in STREAMLIT.items():
        config.set_option(name, value)
    logging.getLogger("uvicorn.access").disabled = True  # it would write down invitations and addresses of people
    logging.getLogger("uvicorn.error").addFilter(_wrong)  # so does this one, of every websocket; levels get set anew


def _wrong(record: logging.LogRecord) -> bool:
    """Whether a line of a log says that something is wrong."""
    return record.levelno >= logging.WARNING


def setting(name: str) -> str:
    """The value of an environment variable, empty where it is not set."""
    return os.environ.get(name, "").strip()
