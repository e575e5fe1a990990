"""How the numbers came about, as a paragraph for each step: for the page, the Markdown and a paper."""

from __future__ import annotations

from bench.agreement.model import Findings
from bench.agreement.verdicts import GOOD, POOR


def methods(findings: Findings) -> list[tuple[str, str]]:
    """``(term, text)``."""
    return [
        (
            "Ratings",
            "Of each file the mean over the listeners who count, repetitions of a listener averaged first; its 95 % "
            "interval is Student's over listeners (ITU-T P.1401, 7.4). Tests are never pooled or rescaled.",
        ),
        (
            "Files",
            "Systems only, unless the notes say otherwise: the hidden reference is a perfect copy for every metric, "
            "and anchors are far from every codec, so that both raise every correlation. A rating that knows the hash "
            "of its samples is joined to these samples only; ratings from elsewhere are joined by name.",
        ),
        (
            "Sign",
            "Metrics whose lower values are better are turned: positive always agrees with listeners.",
        ),
        (
            "Correlations",
            "Pearson's r, Spearman's ρ and Kendall's τ-b over files. Within items: mean over clips of the correlation "
            "across the conditions of a clip. Within conditions: mean over conditions of the correlation across clips. "
            "Of condition means: the means of a condition's files are the points; that is how papers often quote it, "
            "clips are averaged away and few points remain.",
        ),
        (
            "Errors",
            "The metric is mapped to the ratings by the least-squares polynomial of third order that never falls "
            "(ITU-T P.1401, 7.3.3). RMSE divides by files less 4; RMSE* counts only what lies outside of a rating's "
            "95 % interval (7.7); outliers are the share of files outside of it (7.5.2.2). A metric that runs against "
            "listeners gets a flat line, so its RMSE is the spread of the ratings.",
        ),
        (
            "Intervals",
            f"95 %, bootstrap over sources of clips ({findings.draws} draws, expanded percentile, seed "
            f"{findings.seed}); of the means within items as for every mean. Listeners and conditions are taken as "
            "given: other codecs can give other correlations.",
        ),
        (
            "Two metrics",
            "Difference of r on the files that have a value of both, with a paired bootstrap over sources: that is the "
            "one to trust. Williams' test takes files as independent; the tests of ITU-T P.1401 (Fisher's z, 7.6.1; F "
            "of the RMSE, 7.6.4) take the metrics as independent, too.",
        ),
        (
            "Verdicts",
            f"Speaks for the ears: the interval of r lies at or above {GOOD}, and that of τ within items above 0. "
            f"Weak: between 0 and {GOOD}. Says little: below {POOR}. Misleading: r is below 0 and its interval below "
            f"{POOR}, or the interval of τ within items is below 0. Undecided: the interval includes several of these.",
        ),
    ]
