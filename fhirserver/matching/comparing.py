"""Comparing two Patients field by field. What either of them doesn't say, says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from rapidfuzz.distance import OSA, JaroWinkler

from fhirserver.matching.features import Address, Features, Identifier, Name
from fhirserver.matching.nicknames import are_forms
from fhirserver.matching.weights import BITS, Agreement, Field

SIMILAR: Final = 0.90
"""Jaro-Winkler similarity from which two names may be one, misheard or mistyped."""
SAME_LINE: Final = 0.92
PLACEHOLDERS: Final = frozenset(
    {"baby", "babyboy", "babygirl", "newborn", "infant", "twin", "triplet", "boy", "girl"}
    | {"unknown", "unnamed", "noname", "neugeborenes", "unbekannt", "bebe", "inconnu", "neonato"}
)
"""What a child is called in a hospital until it has a name."""


def agreements(one: Features, other: Features) -> list[Agreement]:
    """How the two compare, in each field that both have."""
    found = [
        _best("identifier", _identifiers(one, other)),
        *_names(one, other),
        _best("birthDate", _dates(one.birth_date, other.birth_date)),
        _best("gender", _genders(one, other)),
        *_household(one, other),
        _best("multipleBirth", _births(one, other)),
    ]
    return [a for a in found if a is not None]


def _best(field: Field, levels: Iterable[str]) -> Agreement | None:
    """The level that says most for the same person."""
    return max(
        (Agreement(field, level, BITS[field][level]) for level in levels),
        key=lambda a: a.bits,
        default=None,
    )


def _identifiers(one: Features, other: Features) -> Iterator[str]:
    for a, b in product(one.identifiers, other.identifiers):
        level = _identifier(a, b)
        if level is not None:
            yield level


def _identifier(a: Identifier, b: Identifier) -> str | None:
    if a.system and b.system and a.system != b.system:
        return None
    if a.value == b.value:
        return "same" if a.system and b.system else "same value"
    if not a.system or not b.system:
        return None
    if len(a.value) > 4 and OSA.distance(a.value, b.value, score_cutoff=1) == 1:
        return "similar"
    return "other national" if a.is_national and b.is_national else "other"


def _names(one: Features, other: Features) -> Iterator[Agreement | None]:
    """Family and given name of the two names that agree best."""
    pairs = [
        (_best("family", _families(a, b)), _best("given", _givens(a, b)))
        for a, b in product(one.names, other.names)
    ]
    if pairs:
        yield from max(pairs, key=lambda pair: sum(a.bits for a in pair if a is not None))


def _families(a: Name, b: Name) -> Iterator[str]:
    if not a.family or not b.family:
        return
    if a.family == b.family:
        yield "same"
    elif "".join(a.family) == "".join(b.family):
        yield "similar"
    elif len(a.family) != len(b.family) and set(a.family) & set(b.family):
        yield "part"
    elif _similar(" ".join(a.family), " ".join(b.family)):
        yield "similar"
    elif set(a.family) & set(b.family):
        yield "part"
    elif _is_exchanged(a, b):
        yield "exchanged"
    else:
        yield "other"


def _is_exchanged(a: Name, b: Name) -> bool:
    return bool(a.given and b.given and a.family[0] in b.given and b.family[0] in a.given)


def _givens(a: Name, b: Name) -> Iterator[str]:
    if not a.given or not b.given:
        return
    if a.family and b.family and a.family != b.family and _is_exchanged(a, b):
        yield "same"
        return
    if {a.given[0], b.given[0]} & PLACEHOLDERS:
        yield "placeholder"
        return
    level = _given(a.given[0], b.given[0])
    if level == "same" and _others_differ(a.given[1:], b.given[1:]):
        yield "another second name"
    elif level is not None:
        yield level
    elif set(a.given) & set(b.given):
        yield "second name"
    else:
        yield "other"


def _others_differ(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether both have more given names, and none of one is any of the other."""
    return bool(a and b) and not any(_given(x, y) for x, y in product(a, b))


def _given(a: str, b: str) -> str | None:
    if a == b:
        return "same"
    if len(a) == 1 or len(b) == 1:
        return "initial" if a[0] == b[0] else None
    if are_forms(a, b):
        return "short form"
    return "similar" if _similar(a, b) else None


def _similar(a: str, b: str) -> bool:
    """Whether two names may be one: a letter wrong, or almost all the same.

    Of short names another letter makes another name: Ann and Ian, Lee and Leo.
    """
    shortest = min(len(a), len(b))
    if shortest < 4:
        return False
    if OSA.distance(a, b, score_cutoff=1) <= 1:
        return True
    return shortest > 5 and JaroWinkler.similarity(a, b) >= SIMILAR


def _dates(a: str, b: str) -> Iterator[str]:
    if not a or not b:
        return
    known = min(len(a), len(b))
    if a[:known] == b[:known]:
        yield {10: "same", 7: "same month"}.get(known, "same year")
    elif known < 10:
        yield "other"
    elif a[:4] == b[:4] and (a[5:7], a[8:]) == (b[8:], b[5:7]):
        yield "day and month exchanged"
    elif OSA.distance(a, b, score_cutoff=1) == 1:
        yield "one digit"
    elif a[:4] == b[:4] and "01-01" in (a[5:], b[5:]):
        yield "first of year"
    else:
        yield "other"


def _genders(one: Features, other: Features) -> Iterator[str]:
    # "other" and "unknown" don't contradict: people are registered so in an emergency.
    told = {one.gender, other.gender}
    if told <= {"male", "female"}:
        yield "same" if len(told) == 1 else "other"


def _household(one: Features, other: Features) -> Iterator[Agreement | None]:
    """Telecom and address. Who shares one often shares both: the second counts half."""
    telecom = _best("telecom", _telecoms(one, other))
    address = _best("address", _addresses(one, other))
    if telecom and address and telecom.bits > 0 and address.bits > 0:
        if telecom.bits < address.bits:
            telecom = Agreement("telecom", telecom.level, round(telecom.bits / 2, 1))
        else:
            address = Agreement("address", address.level, round(address.bits / 2, 1))
    yield from (telecom, address)


def _telecoms(one: Features, other: Features) -> Iterator[str]:
    if one.telecoms and other.telecoms:
        shared = {t.value for t in one.telecoms} & {t.value for t in other.telecoms}
        yield "same" if shared else "other"


def _addresses(one: Features, other: Features) -> Iterator[str]:
    for a, b in product(one.addresses, other.addresses):
        level = _address(a, b)
        if level is not None:
            yield level


def _address(a: Address, b: Address) -> str | None:
    is_line = bool(a.line and b.line) and (
        a.line == b.line or (_numbers(a) == _numbers(b) and _ratio(a, b) >= SAME_LINE)
    )
    is_code = bool(a.postal_code) and a.postal_code == b.postal_code
    is_city = bool(a.city) and a.city == b.city
    if is_line and (is_code or is_city):
        return "same"
    if is_line:
        return "same line"
    if is_code:
        return "same postal code"
    if is_city:
        return "same town"
    has_both = (a.line and b.line) or (a.city and b.city) or (a.postal_code and b.postal_code)
    return "other" if has_both else None


def _numbers(address: Address) -> list[str]:
    """House numbers: in number 12 live other people than in number 21."""
    return sorted(w for w in address.line.split() if any(c.isdigit() for c in w))


def _ratio(a: Address, b: Address) -> float:
    return float(JaroWinkler.similarity(a.line, b.line))


def _births(one: Features, other: Features) -> Iterator[str]:
    if one.birth_order is not None and other.birth_order is not None:
        yield "same" if one.birth_order == other.birth_order else "other"
