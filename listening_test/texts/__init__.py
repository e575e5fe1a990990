"""What listeners read, in every language: one YAML file each, all with the same keys.

A test may replace any text for itself: ``texts`` in its definition, by key (``consent``) for all languages or by
language and key (``de.consent``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import yaml

from bench.errors import ConfigError

HERE = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in HERE.glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language; called with a key and the values of its ``{places}``."""

    language: str
    entries: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with ``values`` in their places."""
        return self.entries[key].format(**values) if values else self.entries[key]


@cache
def entries(language: str) -> Mapping[str, str]:
    """All texts of ``language`` by key.

    Raises:
        ConfigError: there is no such language.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"language {language!r}: expected one of {', '.join(LANGUAGES)}.")
    loaded: dict[str, str] = yaml.safe_load((HERE / f"{language}.yaml").read_text(encoding="utf-8"))
    return {key: text.strip() for key, text in loaded.items()}


def texts(language: str, own: Mapping[str, str] | None = None) -> Texts:
    """The texts of ``language``, those of ``own`` instead where it has any.

    Raises:
        ConfigError: there is no such language.
    """
    found = dict(entries(language))
    for key in found:
        for name in (key, f"{language}.{key}"):
            if own and name in own:
                found[key] = own[name]
    return Texts(language, found)


def check(languages: tuple[str, ...], own: Mapping[str, str]) -> None:
    """Raise ConfigError where a test names a language, a text or a place in a text that is not there."""
    for language in languages:
        entries(language)
    known = entries(LANGUAGES[0])
    for name, text in own.items():
        language, _, key = name.rpartition(".")
        if key not in known or (language and language not in LANGUAGES):
            raise ConfigError(
                f"texts, {name}: expected KEY or LANGUAGE.KEY with a key of listening_test/texts/en.yaml and one of "
                f"the languages {', '.join(LANGUAGES)}."
            )
        places = _places(known[key])
        if places and not (found := _places(text)) <= places:
            raise ConfigError(
                f"texts, {name}: expected no other places than {{{'}, {'.join(sorted(places))}}}, got {text!r} "
                f"({', '.join(sorted(found - places))}). A brace that is meant is written twice."
            )


def _places(text: str) -> set[str]:
    """Names of the places in ``text``; one that no name can be where it cannot be filled in."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        return {str(error)}
