"""Where candidates are looked for: searches that an index answers, of which any will do.

Comparing with a million records is too slow; but two records of one person agree in something that
can be searched for. Each search is narrow enough to be quick, and together they leave room for a
mistake in any one field.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from fhirserver.matching.features import Features, Name
from fhirserver.matching.nicknames import forms
from fhirserver.search.escaping import escape

Search = tuple[tuple[str, str], ...]

MOST_VALUES: Final = 20
"""Alternatives of one parameter in a search."""


def searches(wanted: Features) -> Iterator[Search]:
    """The searches for Patients that may be the wanted one, the most telling first."""
    if wanted.identifiers:
        yield (("identifier", _any(_token(i.system, i.written) for i in wanted.identifiers)),)
    if wanted.telecoms:
        yield (("telecom", _any(escape(t.written) for t in wanted.telecoms)),)
    if len(wanted.birth_date) == 10:
        yield from _by_birth_date(wanted)
    for name in wanted.names[:3]:
        yield from _by_name(name, wanted)


def _by_birth_date(wanted: Features) -> Iterator[Search]:
    families = [n.written[:3] for n in wanted.names if n.written]
    givens = [g[:3] for n in wanted.names for g in n.given[:2]]
    if not wanted.names:
        yield (("birthdate", wanted.birth_date),)
        return
    near = (wanted.birth_date, *_mistaken(wanted.birth_date))
    for words in (families, givens):
        if words:
            # `name` finds it as a given or a family name: people exchange them.
            yield (("birthdate", _any(near)), ("name", _any(map(escape, words))))
    yield (("birthdate", wanted.birth_date),)


def _by_name(name: Name, wanted: Features) -> Iterator[Search]:
    if not name.family:
        return
    family = escape(name.written)
    if name.given:
        first = name.given[0]
        likely = [first[:4], *sorted(forms(first))]
        yield (("family", escape(name.written[:5])), ("given", _any(map(escape, likely))))
        yield (("given", family), ("family", escape(first)))
    if len(wanted.birth_date) >= 4:
        yield (("family", family), ("birthdate", wanted.birth_date[:4]))
    elif not name.given:
        yield (("family", family),)


def _any(values: Iterator[str] | tuple[str, ...] | map[str]) -> str:
    return ",".join(list(dict.fromkeys(values))[:MOST_VALUES])


def _token(system: str, value: str) -> str:
    return f"{escape(system)}|{escape(value)}" if system else escape(value)


def _mistaken(day: str) -> Iterator[str]:
    """The dates that are usually written for this one: exchanged, or with one digit wrong."""
    year, month, rest = day.split("-")
    numbers = [f"{year}-{rest}-{month}"]
    if rest[0] != rest[1]:
        numbers.append(f"{year}-{month}-{rest[::-1]}")
    if month[0] != month[1]:
        numbers.append(f"{year}-{month[::-1]}-{rest}")
    numbers.append(f"{year[:2]}{year[3]}{year[2]}-{month}-{rest}")
    numbers += [f"{int(year) + away:04}-{month}-{rest}" for away in (1, -1, 10, -10)]
    for away in (1, -1):
        numbers.append(f"{year}-{int(month) + away:02}-{rest}")
        numbers.append(f"{year}-{month}-{int(rest) + away:02}")
    numbers.append(f"{year}-01-01")
    yield from (n for n in dict.fromkeys(numbers) if n != day and _is_date(n))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
