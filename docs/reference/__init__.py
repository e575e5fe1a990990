"""The reference of the documentation site: every page is made from the code when the site is built.

``python -m docs.reference FOLDER`` writes the pages, to read them without a site.
"""

from __future__ import annotations

from collections.abc import Callable

from docs.reference import codecs, commands, configuration, errors, metrics, tables

PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands.page,
    "reference/configuration.md": configuration.page,
    "reference/codecs.md": codecs.page,
    "reference/metrics.md": metrics.page,
    "reference/tables.md": tables.page,
    "reference/errors.md": errors.page,
}
"""Path below ``docs/`` and what makes the text."""

OUTSIDE = {
    "results/README.md": "results-folder.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files of the repository that are pages of the site, too: path in the repository and below ``docs/``."""
