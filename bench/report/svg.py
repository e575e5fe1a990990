"""A matplotlib figure as SVG that belongs to the page: its text and colours follow the light or dark scheme."""

from __future__ import annotations

import hashlib
import html
import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT = "#010203", "#010204"
"""Sentinels: no other colour of a figure is one of these. They become the page's text and grid colours."""

INK_ON_PAPER, FAINT_ON_PAPER = "#1b1e22", "#c9ced4"
"""What they become in a PNG, which has the light scheme only."""

SERIES_COLOURS = (
    ("#0072b2", "#5bb0f0"), ("#c75000", "#ff9a55"), ("#00825e", "#35d0a0"), ("#a83f86", "#f09ccf"),
    ("#9a6b00", "#efc04a"), ("#2f8fc4", "#9ad9ff"), ("#7a1f4a", "#e58bb0"), ("#5c5c5c", "#c4c4c4"),
)  # fmt: skip
"""Light and dark variants after Okabe and Ito, each at least 3:1 against its background."""

SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "codecbench",
    "text.parse_math": False,  # a name with two dollar signs is no formula
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Chart:
    """A figure with its title and caption."""

    title: str
    svg: str
    caption: str = ""


def series_colour(index: int) -> str:
    """The light variant, which :func:`inline_svg` turns into the page's variable."""
    return SERIES_COLOURS[index % len(SERIES_COLOURS)][0]


@contextmanager
def figure_style() -> Iterator[None]:
    """Settings for making and saving a figure; whatever the user's matplotlibrc says."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        for name, value in SETTINGS.items():
            mpl.rcParams[cast("Any", name)] = value
        # The text stays text: it is the browser that needs the glyphs.
        warnings.filterwarnings("ignore", message=r"(?s).*[Gg]lyph.*missing")
        yield


def on_paper(make: Callable[[], Figure]) -> bytes:
    """The figure that ``make`` gives as a PNG on white, in the colours of the light scheme.

    ``make`` is called here, because a figure takes its colours of text and grid from the settings when it is made.
    """
    import matplotlib as mpl

    with figure_style():
        paper = {INK: INK_ON_PAPER, FAINT: FAINT_ON_PAPER}
        mpl.rcParams.update({name: paper[value] for name, value in mpl.rcParams.items() if value in (INK, FAINT)})
        buffer = io.BytesIO()
        make().savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def inline_svg(figure: Figure, key: str, label: str) -> str:
    """``figure`` as an ``<svg>`` element without references to anything outside it.

    Args:
        figure: made under :func:`figure_style`.
        key: of any characters; makes the ids in this element its own.
        label: what a screen reader says; an empty one hides the figure from it.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)  # matplotlib repeats each text in a comment
    prefix = "f" + hashlib.sha256(key.encode()).hexdigest()[:8]
    used = sorted({*re.findall(r"url\(#([^)]+)\)", text), *re.findall(r'xlink:href="#([^"]+)"', text)})
    names = {name: f"{prefix}-{index}" for index, name in enumerate(used)}
    text = re.sub(r"<[^>]*>", lambda tag: _slim(_own_ids(tag[0], names)), text)
    width = re.search(r'viewBox="0 0 ([\d.]+)', text)
    role = f'role="img" aria-label="{html.escape(label)}"' if label else 'aria-hidden="true"'
    opening = f'<svg {role} style="max-width:{float(width[1]) if width else 400:.0f}pt" '
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', lambda found: f"{opening}{found[1]}>", text, count=1)
    return _themed(text).strip()


def standalone_svg(svg: str) -> str:
    """An :func:`inline_svg` as a file of its own, which brings its colours for the light and the dark scheme.

    It has a background, because the page around it may be light where the reader's system is dark.
    """
    light, dark = (
        "".join(f"--series-{index}:{pair[which]};" for index, pair in enumerate(SERIES_COLOURS)) for which in (0, 1)
    )
    style = (
        f"<style>svg{{background:#fff;color:#1b1e22;--faint:#c9ced4;{light}}}"
        f"@media (prefers-color-scheme:dark){{svg{{background:#16181b;color:#e6e8ea;--faint:#454b52;{dark}}}}}</style>"
    )
    return re.sub(r"<svg ([^>]*)>", rf'<svg xmlns="http://www.w3.org/2000/svg" \1>{style}', svg, count=1) + "\n"


def _own_ids(tag: str, names: Mapping[str, str]) -> str:
    """Ids of this figure only, for several stand in one page; those that nothing refers to are dropped."""
    tag = re.sub(r' id="([^"]+)"', lambda found: f' id="{names[found[1]]}"' if found[1] in names else "", tag)
    tag = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{names[found[1]]})", tag)
    return re.sub(r'xlink:href="#([^"]+)"', lambda found: f'href="#{names[found[1]]}"', tag)


def _slim(tag: str) -> str:
    """Two decimals of a point are enough for a screen and for paper."""
    tag = re.sub(r"(\d+\.\d{2})\d+", r"\1", tag)
    return re.sub(r"(font: (?:[\w.]+ )*[\d.]+px) [^;\"]*", r"\1 system-ui, sans-serif", tag)


def _themed(text: str) -> str:
    text = text.replace(INK, "currentColor").replace(FAINT, "var(--faint, #999999)")
    for index, (light, _) in enumerate(SERIES_COLOURS):
        text = text.replace(light, f"var(--series-{index}, {light})")
    return text
