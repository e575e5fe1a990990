"""Many listeners at once on one server, each moving sliders: how long a save takes, and whether anything is lost.

Every simulated browser speaks Streamlit's own websocket protocol: it opens its link, gets the page of a trial, sends
what the player sends for each move of a slider, and waits until the server says that the event is saved. It also
reads the session every ten seconds, as a real page does. Sounds are fetched once each, as at the start of a trial.

    python tests/load_listening.py --sessions 100 --seconds 120
    python tests/load_listening.py --sessions 200 --seconds 60 --replicas 2 --url postgresql://user@host/name
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import websockets  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402

from listening_test.screens import settings  # noqa: E402
from listening_test.screens.playing import HEARTBEAT_S  # noqa: E402
from listening_test.session import Sessions  # noqa: E402
from tests.listening.browser import free_port, started  # noqa: E402
from tests.listening.conftest import tiny_test  # noqa: E402
from tests.listening.listeners import set_up  # noqa: E402
from tests.listening.servers import Nginx  # noqa: E402

PLAYER = "codecbench_player"
LIMIT_S = 1.0
ONE_ADDRESS = {"zone=joins burst=100": "zone=joins burst=1000", "zone=sounds burst=1000": "zone=sounds burst=10000"}
"""All listeners of this script come from one address, which is more than nginx lets in."""


@dataclass
class Browser:
    """A listener's page without a screen."""

    address: str
    token: str
    pause_s: float
    end: float = 0.0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    widget: str = ""
    fragment: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    made: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def open(self, ready: asyncio.Event) -> None:
        """Open the link, load the sounds, wait for the others, then move sliders until the end."""
        stream = self.address.replace("http", "ws") + "/_stcore/stream"
        cookie = {"Cookie": f"codecbench_replica={secrets.token_hex(16)}"}
        async with websockets.connect(
            stream, subprotocols=["streamlit"], max_size=None, open_timeout=120, additional_headers=cookie
        ) as socket:
            self.socket = socket
            await self._run()
            async for _ in self._elements(until_finished=True):
                pass
            await self._sounds()
            self.opened.set()
            await ready.wait()
            await self._listen()

    async def _run(self, log: list[dict[str, Any]] | None = None) -> None:
        message = BackMsg()
        run = message.rerun_script
        run.query_string = f"p={self.token}"
        run.fragment_id = self.fragment
        if log is not None:
            state = run.widget_states.widgets.add()
            state.id, state.json_value = self.widget, json.dumps({"log": {"events": log}})
        await self.socket.send(message.SerializeToString())

    async def _elements(self, until_finished: bool) -> AsyncIterator[dict[str, Any]]:
        """The player's data, whenever it comes."""
        while True:
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(self.socket.recv(), 120))
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "bidi_component":
                component = message.delta.new_element.bidi_component
                if component.component_name.endswith(PLAYER):
                    self.widget = component.id
                    self.fragment = message.delta.fragment_id
                    self.data = json.loads(component.mixed.json or component.json)
                    yield self.data
            if until_finished and kind == "script_finished":
                return

    async def _sounds(self) -> None:
        for slot in [self.data["reference"], *self.data["slots"]]:
            await asyncio.to_thread(
                lambda url: urllib.request.urlopen(url).read(), urllib.parse.urljoin(f"{self.address}/", slot["url"])
            )

    async def _listen(self) -> None:
        count, beat = 0, time.monotonic() + random.uniform(0, HEARTBEAT_S)
        await asyncio.sleep(random.uniform(0, self.pause_s))
        while time.monotonic() < self.end:
            count += 1
            slot, value = random.choice(self.data["slots"])["id"], float(random.randint(0, 100))
            event = {"id": f"b-{count}", "kind": "rate", "at_ms": 1000 * count, "slot": slot, "value": value}
            self.made.append(value)
            start = time.monotonic()
            await self._run([event])
            async for data in self._elements(until_finished=False):
                if event["id"] in data["saved"]:
                    break
            self.waits.append(time.monotonic() - start)
            if time.monotonic() > beat:
                beat = time.monotonic() + HEARTBEAT_S
                await self._run()
            await asyncio.sleep(random.uniform(0.5, 1.5) * self.pause_s)


async def drive(browsers: list[Browser], seconds: float) -> None:
    """Open all pages, then let all of them listen at once."""
    ready = asyncio.Event()
    tasks = [asyncio.create_task(one.open(ready)) for one in browsers]
    start = time.monotonic()
    opening = asyncio.gather(*(one.opened.wait() for one in browsers))
    done, _ = await asyncio.wait([opening, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    print(f"{len(browsers)} pages open after {time.monotonic() - start:.1f} s", flush=True)
    for one in browsers:
        one.end = time.monotonic() + seconds
    ready.set()
    await asyncio.gather(*tasks)


def main() -> int:
    """Print the figures; 1 where something was lost or the 95th percentile is over a second."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=3, help="mean seconds between two moves of one listener")
    parser.add_argument("--replicas", type=int, default=1, choices=(1, 2), help="two stand behind nginx; needs --url")
    parser.add_argument("--url", default="", help="of a PostgreSQL database; SQLite without it")
    given = parser.parse_args()
    if given.replicas > 1 and not given.url:
        parser.error("two replicas need --url: SQLite is for one machine, and nginx sends people to both")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sessions = Sessions(tiny_test(folder, trials=3), folder, given.url)
        tokens = sessions.invite(given.sessions)
        people = {}
        for token in tokens:
            visit = sessions.open(token, "set-up")
            set_up(visit)
            people[token] = visit.listener
        env = {settings.TEST: str(folder), settings.DATABASE: given.url}
        with served(folder, env, given.replicas) as (address, servers):
            browsers = [Browser(address, token, given.pause) for token in tokens]
            try:
                asyncio.run(drive(browsers, given.seconds))
            except Exception:
                print((folder / "log").read_text()[-3000:], file=sys.stderr)
                raise
            memory = sum(map(_memory_mb, servers))
        lost = _lost(sessions, {people[one.token]: one for one in browsers})
        sessions.dispose()
    waits = sorted(wait for one in browsers for wait in one.waits)
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    p95 = statistics.quantiles(waits, n=100)[94]
    print(
        f"{len(waits)} saves of {given.sessions} listeners in {given.seconds:g} s "
        f"({len(waits) / given.seconds:.1f} a second): median {statistics.median(waits) * 1000:.0f} ms, "
        f"95th percentile {p95 * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms; lost: {lost}; "
        f"replicas: {given.replicas}, {cpu.ru_utime + cpu.ru_stime:.0f} s of CPU, {memory:.0f} MB; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )
    return int(lost > 0 or p95 > LIMIT_S)


@contextmanager
def served(folder: Path, env: dict[str, str], replicas: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of the app, and its processes; two of them stand behind nginx, which lets this machine in."""
    ports = [free_port() for _ in range(replicas)]
    servers = [started("listening_test.app:app", folder / "log", env, port) for port in ports]
    try:
        if replicas == 1:
            yield f"http://127.0.0.1:{ports[0]}", servers
            return
        site = folder / "nginx"
        site.mkdir()
        with Nginx(site, (ports[0], ports[1]), ONE_ADDRESS) as nginx:
            yield nginx.address, servers
    finally:
        for server in servers:
            server.terminate()
            server.wait(30)


def _lost(sessions: Sessions, browsers: dict[str, Browser]) -> int:
    """Moves of the listeners whose log is not exactly what they did, in that order."""
    logged: dict[str, list[float]] = {}
    for row in sessions.event_rows():
        if row["kind"] == "rate":
            logged.setdefault(row["listener"], []).append(row["value"])
    return sum(
        len(browser.made) if logged.get(listener) != browser.made else 0 for listener, browser in browsers.items()
    )


def _memory_mb(server: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
