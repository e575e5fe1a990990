from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from docs.reference import OUTSIDE, PAGES
from tests.conftest import ROOT
from tests.docs.pages import DOCUMENTS, anchors, links, name, page

SITE = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert [one for one in links(text) if not _leads(one, document.parent, text)] == []


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_the_reference_leads_somewhere(path: str) -> None:
    text = page(path)
    assert [one for one in links(text) if not _leads(one, (ROOT / "docs" / path).parent, text)] == []


def _leads(link: str, folder: Path, text: str) -> bool:
    path, _, anchor = link.partition("#")
    if not path:
        return anchor in anchors(text)
    target = (folder / path).resolve()
    site = target.relative_to(ROOT / "docs").as_posix() if target.is_relative_to(ROOT / "docs") else ""
    if site in OUTSIDE.values():
        target = ROOT / next(source for source, shown in OUTSIDE.items() if shown == site)
    there = page(site) if site in PAGES else target.read_text(encoding="utf-8") if anchor and target.is_file() else ""
    return (target.exists() or site in PAGES) and (not anchor or anchor in anchors(there))


def test_the_navigation_has_every_page_once() -> None:
    listed = re.findall(r"^ +- (?:\w+: )?([\w/-]+\.md)$", SITE.split("\nnav:\n")[1], re.MULTILINE)
    written = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").glob("*.md")]
    assert sorted(listed) == sorted([*written, *PAGES, *OUTSIDE.values()])


def test_the_pages_ask_for_nothing_from_elsewhere() -> None:
    class Loader(yaml.SafeLoader):
        """Takes tags of Python for what they are: text."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    settings = yaml.load(SITE, Loader)
    assert settings["theme"]["font"] is False
    assert settings["plugins"] == ["search"]
    assert not {"repo_url", "extra_javascript"} & set(settings)
    assert "http" not in (ROOT / "docs" / "assets" / "site.css").read_text(encoding="utf-8")
