"""The pictures of the README, from the demo: ``make pictures``. Needs Chromium and results/runs/demo."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from listening_test.model import load_test
from listening_test.session import Sessions
from tests.listening.browser import browser, server
from tests.listening.e2e import steps

HERE = Path(__file__).parent / "pictures"
RUN = Path("results/runs/demo")
SIZE = {"width": 1280, "height": 820}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browser() as opened:
        folder = Path(name)
        page = opened.new_page(viewport=SIZE, color_scheme="light")
        codecbench("report", RUN, "--output", folder / "report")
        page.goto((folder / "report" / "report.html").as_uri())
        picture(page, "report")
        codecbench("leaderboard", RUN, "--output", folder)
        page.goto((folder / "leaderboard.html").as_uri())
        picture(page, "leaderboard")
        codecbench("listen", "build", RUN, "mushra_demo", "--output", folder / "test")
        listening_test(page, folder / "test")


def listening_test(page: Any, folder: Path) -> None:
    """The first trial of the demo's test, half rated."""
    test = load_test(folder)
    sessions = Sessions(test, folder)
    with server(steps.APP, folder.parent / "log", steps.environment(folder)) as address:
        got = steps.watched(page)
        [token] = sessions.invite(1)
        page.goto(f"{address}/?p={token}")
        steps.consent(page)
        steps.device(page)
        steps.level(page)
        steps.stereo(page, got)
        for number in range(1, len(test.training) + 1):
            page.get_by_role("heading", name=f"Training {number} ").wait_for(timeout=steps.SLOW_MS)
            steps.sounds_ready(page)
            page.wait_for_timeout(1000)
            steps.rate(page, [100] * page.locator("input[type=range]").count())
            steps.submit(page)
        page.get_by_role("heading", name="Trial 1").wait_for(timeout=steps.SLOW_MS)
        steps.sounds_ready(page)
        steps.rate(page, [72, 100, 41])
        page.set_viewport_size({"width": 1000, "height": 960})
        picture(page, "listening-test")
    sessions.dispose()


def picture(page: Any, name: str) -> None:
    page.wait_for_timeout(500)
    page.screenshot(path=HERE / f"{name}.png")


def codecbench(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "bench.cli", *map(str, words)], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
