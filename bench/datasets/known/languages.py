"""Names of languages as published sets write them, and their codes."""

from __future__ import annotations

CODES = {
    "american_english": "en", "arabic": "ar", "british_english": "en", "bulgarian": "bg", "chinese": "zh",
    "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "italian": "it",
    "japanese": "ja", "korean": "ko", "latin": "la", "mandarin": "zh", "norwegian": "no", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv", "tagalog": "tl",
    "turkish": "tr", "ukrainian": "uk", "vietnamese": "vi",
}  # fmt: skip


def code_of(name: str) -> str:
    """The code of ISO 639-1 for an English name of a language; a name that is not in the table as it stands.

    >>> code_of("Portuguese"), code_of("klingon")
    ('pt', 'klingon')
    """
    return CODES.get(name.lower(), name)
