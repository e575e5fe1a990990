"""A data card as Markdown: YAML that dataset hubs read, tables, and histograms in files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from bench.cards.facts import Card, Distribution, Table
from bench.cards.words import hours, lines_of, number_range, sentences
from bench.datasets.licence_terms import NOT_STATED, read
from bench.report.markdown import document, escape, table

SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10**7, "1M<n<10M"),
)  # fmt: skip
HUB_LICENCES = frozenset({
    "apache-2.0", "mit", "odbl", "odc-by", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
})  # fmt: skip
"""Identifiers that the Hugging Face hub knows; all others are ``other`` there."""


@document
def markdown(card: Card, pictures: Mapping[str, str]) -> Iterator[str]:
    """The card; ``pictures`` are the file names of the histograms, by key of their distribution."""
    matter = {key: value for key, value in front_matter(card).items() if value}
    yield f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True).rstrip()}\n---"
    yield from ("", f"# {escape(card.title)}")
    for sentence in sentences(card):
        yield from ("", escape(sentence))
    yield from ("", "| | |", "|---|---|")
    yield from (f"| {escape(term)} | {escape(text)} |" for term, text in lines_of(card))
    yield from ("", "## Licences", "")
    yield from _licences(card)
    yield from ("", "## Attribution", "", "Ready to publish; what is unknown stays visible.", "")
    fence = "`" * (max([2, *map(len, re.findall("`+", card.attribution))]) + 1)
    yield from (f"{fence}text", card.attribution.rstrip(), fence)
    yield from ("", "## What is in it")
    for counted in card.tables:
        yield from ("", f"### {escape(counted.title)}", "")
        yield from _counts(counted)
    yield from ("", "## How it sounds")
    for one in card.distributions:
        yield from _distribution(one, pictures.get(one.key))
    yield from ("", "## Marks of the audit", "")
    yield from _marks(card)
    yield from ("", "## Identity", "", f"- SHA-256 over the sorted hashes of the files: `{card.sha256}`")
    yield from (f"- Drawn by: `{text}`" for text in card.samplings)


def front_matter(card: Card) -> dict[str, object]:
    """What the Hugging Face hub reads: licences, languages, size. A licence that it does not know is ``other``.

    The licence is that of the whole where its maker states one, else those of the clips.
    """
    stated = [one.identifier for one in read(card.licence).licences]
    rows = [(tuple(stated), card.licence)] if card.licence else [(row.identifiers, row.stated) for row in card.licences]
    licences = []
    for identifiers, words in rows:
        named = [one.lower().replace("odc-by-1.0", "odc-by").replace("odbl-1.0", "odbl") for one in identifiers]
        licences += [one if one in HUB_LICENCES else "other" for one in named] or (
            ["unknown"] if words == NOT_STATED else ["other"]
        )
    codes = [re.split(r"[-_]", name.lower())[0] for name in card.languages]
    return {
        "pretty_name": card.title,
        "license": sorted(set(licences)),
        "language": sorted({code for code in codes if re.fullmatch("[a-z]{2,3}", code)}),
        "size_categories": [next((name for limit, name in SIZES if card.clips < limit), "n>10M")],
        "task_categories": ["audio-to-audio"],
        "tags": ["audio", "audio-codec", "codecbench"],
    }


def _licences(card: Card) -> Iterator[str]:
    rows = []
    for row in card.licences:
        links = ", ".join(f"[{escape(name)}]({url})" for name, url in row.links) or "–"
        stated = f"**{NOT_STATED}**" if row.stated == NOT_STATED else escape(row.stated)
        rows.append([stated, links, escape("; ".join(row.asks) or "nothing"), row.clips, hours(row.hours)])
    yield from table(["as stated", "text", "asks", "clips", "duration"], rows, marked=str)


def _counts(counted: Table) -> Iterator[str]:
    rows = [[one.value, one.clips, hours(one.hours)] for one in counted.counts]
    yield from table([counted.key, "clips", "duration"], rows)


def _distribution(one: Distribution, picture: str | None) -> Iterator[str]:
    yield from ("", f"### {escape(one.title)}", "", escape(number_range(one)))
    if picture:
        yield from ("", f"![Histogram of clips: {escape(one.title.lower())}]({picture})")


def _marks(card: Card) -> Iterator[str]:
    if not card.marks:
        yield "None."
        return
    rows = [[one.name, "serious" if one.serious else "minor", one.clips, escape(one.meaning)] for one in card.marks]
    yield from table(["mark", "weight", "clips", "meaning"], rows, marked=str)
