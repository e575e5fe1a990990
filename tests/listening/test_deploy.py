"""The files of ``deploy/`` agree with each other and with the app. ``e2e/test_deployed.py`` runs nginx with them."""

from __future__ import annotations

import re
from typing import Any

import yaml

from listening_test.player.route import PREFIX
from listening_test.screens import settings
from tests.listening.servers import DEPLOY


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_nginx_names_the_replicas_and_the_routes() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    replicas = [name for name in compose()["services"] if name.startswith("app")]
    assert re.findall(r"server (\w+):8501 ", text) == replicas
    assert len(replicas) == 2
    assert f"location {PREFIX}/ {{" in text


def test_only_nginx_can_be_reached_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert all("outside" not in service["networks"] for name, service in services.items() if name != "nginx")
    assert compose()["networks"]["inside"]["internal"]


def test_every_variable_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    given = re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE)
    assert asked == set(given)
    known = {settings.DATABASE, settings.BASE, settings.PASSWORD_HASH, "FORWARDED_ALLOW_IPS"}
    assert set(compose()["services"]["app1"]["environment"]) == known
