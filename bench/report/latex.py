"""Text for LaTeX: whatever a name holds, a plain document sets it as it is."""

from __future__ import annotations

import re

from bench.report.cells import DAGGER

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "[": "{[}", "]": "{]}", "–": "--", "’": "'", "“": "``", "”": "''",
    "↑": r"$\uparrow$", "↓": r"$\downarrow$", "∞": r"$\infty$", "×": r"$\times$", "±": r"$\pm$", "·": r"$\cdot$",
    "≥": r"$\geq$", "≤": r"$\leq$", "µ": r"$\mu$", DAGGER: r"\textdagger{}", "…": r"\ldots{}",
}  # fmt: skip

LATIN = 0x17F
"""The last letter of Latin Extended-A: what the fonts of a plain document have."""


def escape(text: object) -> str:
    """``text`` so that LaTeX shows it as it is; a letter that a plain document may lack becomes a question mark."""
    plain = " ".join(str(text).split())
    shown = "".join(SPECIAL.get(letter) or _letter(letter) for letter in plain)
    return re.sub(r"(?<![\w-])-(?=[\d$])", "$-$", shown)


def _letter(letter: str) -> str:
    plain = letter.isprintable() and (letter.isascii() or letter.isalpha())
    return letter if plain and ord(letter) <= LATIN else "?"
