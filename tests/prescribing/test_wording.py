"""The checks say the same in each language."""

from __future__ import annotations

import string

import pytest

from fhirserver.content import folder
from fhirserver.model import json
from fhirserver.prescribing.knowledge import knowledge
from fhirserver.prescribing.wording import ENGLISH, WORDS, spoken

LANGUAGES = [language for language in WORDS if language != "en"]


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def tables():
    for path in sorted(folder("terminology").glob("medicines/ConceptMap-*.json")):
        yield json.parse(path.read_bytes())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_has_the_same_parts(language):
    words = WORDS[language]

    assert words.keys() == ENGLISH.keys()
    for key, text in words.items():
        assert fields(text) == fields(ENGLISH[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_the_tables_tell_is_translated(language):
    told, english = knowledge(tables(), language=language), knowledge(tables())

    def texts(known):
        for one in known.interactions.values():
            yield from (one.explanation, one.management)
        for limits in known.limits.values():
            yield from (t for one in limits for t in (one.explanation, one.management))
        yield from (h.comment for holds in known.allergens.values() for h in holds)

    pairs = list(zip(texts(told), texts(english), strict=True))
    assert len(pairs) > 100
    assert [e for t, e in pairs if e is not None and t == e] == []


@pytest.mark.parametrize(
    ("header", "language"),
    [("de", "de"), ("de-AT,en;q=0.9", "de"), ("en-GB, de;q=0.9", "en"), ("fr", "en"), (None, "en")],
)
def test_the_first_language_that_is_spoken_here_is_taken(header, language):
    assert spoken(header) == language
