"""The documents of the repository, taken apart: links, headings, blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docs.reference import PAGES
from tests.conftest import ROOT

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "results" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+)(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)(?P=fence) *$",
    re.DOTALL | re.MULTILINE,
)
_MARK = re.compile(r"<!-- (run|file: \S+) -->\n+\Z")
_INLINE_CODE = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code. ``mark``: ``run`` or ``file: NAME`` of a comment before it, which no reader sees."""

    document: Path
    language: str
    text: str
    mark: str = ""

    def __str__(self) -> str:
        first = self.text.strip().splitlines()[0] if self.text.strip() else ""
        return f"{name(self.document)}: {first[:40]}"


def name(document: Path) -> str:
    """Where it lies in the repository."""
    return document.relative_to(ROOT).as_posix()


@cache
def page(path: str) -> str:
    """A page of ``docs/``, written or made from code."""
    return PAGES[path]() if path in PAGES else (ROOT / "docs" / path).read_text(encoding="utf-8")


@cache
def blocks(document: Path) -> list[Block]:
    """The blocks of code of a document, in their order."""
    text = document.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        mark = _MARK.search(text[: fence.start()])
        lines = [line.removeprefix(fence["indent"]) for line in fence["text"].splitlines(keepends=True)]
        found.append(Block(document, fence["language"], "".join(lines), mark[1] if mark else ""))
    return found


def prose(text: str) -> str:
    """``text`` without its blocks of code."""
    return _FENCE.sub("", text)


def inline_code(document: Path) -> list[str]:
    """What stands between single backticks."""
    return [" ".join(one.split()) for one in _INLINE_CODE.findall(prose(document.read_text(encoding="utf-8")))]


def links(text: str) -> list[str]:
    """Targets of links that do not lead to other hosts."""
    return [target for target in _LINK.findall(prose(text)) if "://" not in target and not target.startswith("mailto:")]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as both the site and the forges that show Markdown make them."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(text), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return set(found)
