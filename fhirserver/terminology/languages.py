"""Which of the names of a concept somebody reads: languages and their order.

Tags are those of BCP 47; what is asked for is a list as in HTTP's Accept-Language.
https://hl7.org/fhir/R4/valueset-operation-expand.html (`displayLanguage`)
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=512)
def preferred(header: str) -> tuple[str, ...]:
    """The languages of a list, most wanted first; `*` and those that aren't wanted fall out.

    >>> preferred("en; q=0.4, de,*")
    ('de', 'en')
    """
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, parameter = part.partition(";")
        name, _, weight = parameter.strip().partition("=")
        try:
            quality = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 1.0
        if tag.strip() not in {"", "*"} and quality > 0:
            weighed.append((-quality, tag.strip()))
    return tuple(tag for _, tag in sorted(weighed, key=lambda w: w[0]))


def fits(language: str | None, wanted: str) -> bool:
    """Whether a text in a language is for somebody who wants another.

    >>> fits("de-CH", "de"), fits("de", "de-CH"), fits("en", "de")
    (True, False, False)
    """
    if language is None:
        return False
    language, wanted = language.lower(), wanted.lower()
    return language == wanted or language.startswith(f"{wanted}-")
