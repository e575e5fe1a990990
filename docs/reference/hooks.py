"""Events of mkdocs: the pages that code makes, and links that lead out of ``docs/``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from docs.reference import OUTSIDE, PAGES

ROOT = Path(__file__).parents[2]

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add what is made from code, and the files of OUTSIDE."""
    for path, make in PAGES.items():
        files.append(File.generated(config, path, content=make()))
    for path, name in OUTSIDE.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=relinked(text, (ROOT / path).parent)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of a page of ``docs/`` to other files of the repository."""
    source = page.file.abs_src_path
    return markdown if source is None else relinked(markdown, Path(source).parent)


def relinked(text: str, folder: Path) -> str:
    """``text`` of a file in ``folder``: links to files of the repository lead to their pages.

    Where there is none, the words stay and the link goes.
    """

    def changed(match: re.Match[str]) -> str:
        words, (path, mark, anchor) = match[1], match[2].partition("#")
        target = (folder / path).resolve()
        if "://" in path or not path or not target.is_relative_to(ROOT):
            return match[0]
        place = target.relative_to(ROOT)
        if place.as_posix() in OUTSIDE:
            return f"[{words}]({OUTSIDE[place.as_posix()]}{mark}{anchor})"
        if place.parts[0] == "docs" and (target.suffix == ".md" or folder == ROOT / "docs" / "reference"):
            return (
                f"[{words}]({place.relative_to('docs').as_posix()}{mark}{anchor})"
                if folder != ROOT / "docs"
                else match[0]
            )
        return words

    return _LINK.sub(changed, text)
