"""A patient as our pages name one: enough to tell two people of one name apart.

What to show follows the ONC SAFER guide on patient identification: name, birth date and age, sex,
record number, and that somebody has died.
https://www.healthit.gov/topic/safety/safer-guides
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip
_USES: Final = ("official", "usual", "temp", "nickname", "anonymous", "old", "maiden")
_MOST_NUMBERS: Final = 2


@dataclass(frozen=True, slots=True)
class ShownPatient:
    """The words for a patient; `id` is the resource's."""

    id: str
    name: str
    born: str
    sex: str
    has_died: bool
    numbers: tuple[str, ...]


def shown(patient: Mapping[str, Any], today: date) -> ShownPatient:
    """The words for a Patient resource."""
    return ShownPatient(
        id=patient["id"],
        name=_name(patient),
        born=born(patient.get("birthDate"), today, has_died=_has_died(patient)),
        sex=str(patient.get("gender") or ""),
        has_died=_has_died(patient),
        numbers=_numbers(patient),
    )


def born(birth_date: str | None, today: date, *, has_died: bool = False) -> str:
    """A birth date in words, with the age of who lives.

    >>> born("1980-02-03", date(2026, 11, 29))
    'born 3 Feb 1980 (46 years)'
    >>> born("1980-02", date(2026, 11, 29))
    'born Feb 1980'
    """
    if not birth_date:
        return "birth date unknown"
    year, *rest = (int(part) for part in birth_date.split("-"))
    words = [str(year)]
    if rest:
        words.insert(0, _MONTHS[rest[0] - 1])
    if len(rest) < 2:
        return f"born {' '.join(words)}"
    words.insert(0, str(rest[1]))
    return f"born {' '.join(words)}" + ("" if has_died else f" ({_age(date(year, *rest), today)})")


def _age(day: date, today: date) -> str:
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    if months >= 24:
        return f"{months // 12} years"
    if months >= 2:
        return f"{months} months"
    days = max((today - day).days, 0)
    return "1 day" if days == 1 else f"{days} days"


def _name(patient: Mapping[str, Any]) -> str:
    names = sorted(
        patient.get("name") or (),
        key=lambda n: _USES.index(n["use"]) if n.get("use") in _USES else len(_USES),
    )
    if not names:
        return "Name unknown"
    name = names[0]
    parts = [*(name.get("prefix") or ()), *(name.get("given") or ()), name.get("family")]
    return str(name.get("text") or " ".join(p for p in parts if p) or "Name unknown")


def _has_died(patient: Mapping[str, Any]) -> bool:
    return bool(patient.get("deceasedBoolean") or patient.get("deceasedDateTime"))


def _numbers(patient: Mapping[str, Any]) -> tuple[str, ...]:
    """Record numbers; where there are none, what else the hospital usually goes by."""
    held = [i for i in patient.get("identifier") or () if i.get("value") and i.get("use") != "old"]
    records = [i for i in held if any(c.get("code") == "MR" for c in _codings(i))]
    usual = [i for i in held if i.get("use") in {"usual", "official"}]
    return tuple(str(i["value"]) for i in (records or usual)[:_MOST_NUMBERS])


def _codings(identifier: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (identifier.get("type") or {}).get("coding") or []
    return found
