"""Whom a rule is about: age and sex, as far as they are known.

https://hl7.org/fhir/R4/patient.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fhirserver.model.resource import Resource

_DAYS = {"d": 1.0, "wk": 7.0, "mo": 30.436875, "a": 365.2425}


@dataclass(frozen=True, slots=True)
class Person:
    """`days` is the age in days, None when it isn't known; so is `gender`."""

    days: float | None = None
    gender: str | None = None

    @property
    def years(self) -> float | None:
        """The age in years."""
        return None if self.days is None else self.days / _DAYS["a"]

    def is_within(self, ages: Resource | None) -> bool:
        """Whether the age is at least `low` and below `high`; an unknown one may be any."""
        if ages is None or self.days is None:
            return True
        low, high = (_in_days(ages.get(end)) for end in ("low", "high"))
        return (low is None or self.days >= low) and (high is None or self.days < high)

    def is_of(self, gender: str | None) -> bool:
        """Whether a rule for this sex concerns them; other and unknown concern both."""
        return gender is None or self.gender not in {"male", "female"} or self.gender == gender


def person_of(patient: Resource | None, at: datetime) -> Person:
    """The patient at a time. A birth date of a month or a year counts from its beginning."""
    if patient is None:
        return Person()
    text = patient.get("birthDate")
    days = None
    if isinstance(text, str):
        born = datetime.fromisoformat((text + "-01-01")[:10] if len(text) == 4 else
                                      text + "-01" if len(text) == 7 else text)  # fmt: skip
        days = _age(born, at)
    return Person(days, patient.get("gender"))


def _age(born: datetime, at: datetime) -> float:
    """Days of age; whole years are exact, so that sixteen begins on the birthday."""
    local = at.replace(tzinfo=None)
    years = local.year - born.year - ((local.month, local.day) < (born.month, born.day))
    last = _birthday(born, born.year + years)
    return max(years * _DAYS["a"] + (local - last).days, 0.0)


def _birthday(born: datetime, year: int) -> datetime:
    try:
        return born.replace(year=year)
    except ValueError:  # the 29th of February
        return born.replace(year=year, month=3, day=1)


def _in_days(quantity: Resource | None) -> float | None:
    if not quantity or quantity.get("value") is None:
        return None
    return float(quantity["value"]) * _DAYS[quantity.get("code") or "a"]
