"""What listeners read: the same in every language, and everything that is asked for is there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

from bench.errors import ConfigError
from listening_test import texts
from listening_test.player import ANNOYANCE, QUALITY, TEXTS

SCREENS = Path(texts.__file__).parents[1] / "screens"
PROBLEMS = ("not_heard", "not_rated", "out_of_range", "needs_a_hundred", "no_answer")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_there_are_three_languages_at_least() -> None:
    assert {"en", "de", "fr"} <= set(texts.LANGUAGES)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_language_has_every_text_with_its_places(language: str) -> None:
    english, own = texts.entries("en"), texts.entries(language)
    assert list(own) == list(english), "the same keys in the same order"
    assert {key: places(text) for key, text in own.items()} == {key: places(text) for key, text in english.items()}
    assert all(own.values())
    assert not any("<" in text for text in own.values())
    if language != "en":
        same = {key for key in own if own[key] == english[key] and key not in ("excellent", "inaudible")}
        assert not same, "these are not translated"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_key_stands_twice(language: str) -> None:
    lines = (texts.HERE / f"{language}.yaml").read_text(encoding="utf-8").splitlines()
    keys = [line.partition(":")[0] for line in lines if re.match(r"\w+:", line)]
    assert len(keys) == len(set(keys)) == len(yaml.safe_load("\n".join(lines)))


def test_every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SCREENS.glob("*.py"))
    asked = set(re.findall(r'(?:\bt|texts)\(\s*"(\w+)"', source))
    asked |= {*TEXTS, *QUALITY, *ANNOYANCE, *PROBLEMS, "language_name", "error"}
    made = re.compile(
        "instructions_|question_|_title$|_text$|_question$|device_|left|middle|right|_is$|lost|token|guess|withdrawn"
    )
    known = set(texts.entries("en"))
    assert asked <= known
    assert not [key for key in known - asked if not made.search(key)]


def test_a_test_may_have_texts_of_its_own() -> None:
    own = {"consent": "All of you", "de.consent": "Ihr alle", "fr.level": "Force"}
    assert [texts.texts(language, own)("consent") for language in ("en", "de", "fr")] == [
        "All of you",
        "Ihr alle",
        "All of you",
    ]
    assert texts.texts("fr", own)("level") == "Force"
    assert texts.texts("de")("trial_title", number=2, total=9) == "Durchgang 2 von 9"
    texts.check(("en", "fr"), own)


@pytest.mark.parametrize(
    ("languages", "own"), [(("en", "tlh"), {}), (("en",), {"consnet": "x"}), (("en",), {"xx.consent": "x"})]
)
def test_what_is_not_there_is_refused(languages: tuple[str, ...], own: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        texts.check(languages, own)
