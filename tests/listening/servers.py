"""Real servers from the distribution for tests: PostgreSQL and nginx. Each is a visible skip where it is missing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.listening.browser import free_port

POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
DEPLOY = Path(__file__).parents[2] / "deploy"


class PostgreSQL:
    """A server with one empty database, ``postgres``, on a port of its own; it can be stopped and started again."""

    def __init__(self) -> None:
        initdb = _program("initdb")
        if initdb is None or _program("postgres") is None:
            pytest.skip("needs PostgreSQL (Debian: apt install postgresql)")
        pytest.importorskip("psycopg")
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # it refuses to run as root
        self.folder = Path(tempfile.mkdtemp(prefix="codecbench-postgresql-"))
        if self._as_user:
            shutil.chown(self.folder, "postgres")
        self._data, self._port = self.folder / "data", free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        subprocess.run(
            [*self._as_user, initdb, "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, cwd=self.folder,
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"port": self._port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in {**settings, "max_connections": 200, "fsync": "off"}.items()]
        self._process = subprocess.Popen(
            [*self._as_user, str(_program("postgres")), "-D", self._data, *options],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        """Shut it down at once, whoever is connected."""
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
        self._process.wait(timeout=30)

    def remove(self) -> None:
        """Stop it and delete its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        import psycopg

        for _ in range(200):
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, "PostgreSQL ended as it started"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("PostgreSQL did not start within ten seconds")


def _program(name: str) -> str | None:
    return str(POSTGRESQL[-1] / name) if POSTGRESQL else shutil.which(name)


class Nginx:
    """nginx with the configuration of ``deploy/`` in a folder and on a port of its own, in front of two replicas."""

    def __init__(self, folder: Path, replicas: tuple[int, int], changes: Mapping[str, str] | None = None) -> None:
        if NGINX is None:
            pytest.skip("needs nginx (Debian: apt install nginx-light)")
        self.port, self._folder = free_port(), folder
        self.address = f"http://127.0.0.1:{self.port}"
        text = (DEPLOY / "nginx.conf").read_text()
        places = {
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "server app1:8501 ": f"server 127.0.0.1:{replicas[0]} ",
            "server app2:8501 ": f"server 127.0.0.1:{replicas[1]} ",
        }
        for old, new in {**places, **(changes or {})}.items():
            assert text.count(old) == 1, f"deploy/nginx.conf: expected {old!r} once"
            text = text.replace(old, new)
        (folder / "site.conf").write_text(text)
        temporary = "".join(
            f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.geteuid() == 0 else ""  # the folder is for its owner's eyes only
        (folder / "nginx.conf").write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nevents {{ worker_connections 2048; }}\n"
            f"http {{\n{temporary}    include {folder}/site.conf;\n}}\n"
        )

    def __enter__(self) -> Nginx:
        command = [str(NGINX), "-p", self._folder, "-e", self._folder / "error.log", "-c", self._folder / "nginx.conf"]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise AssertionError((self._folder / "error.log").read_text())

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    @property
    def log(self) -> str:
        """What it wrote about errors."""
        return (self._folder / "error.log").read_text()
