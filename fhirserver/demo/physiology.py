"""The body: what a measurement of this patient gives at this moment.

Every quantity has a level of the person's own and a small scatter. Chronic disease moves the
level along a curve (`History.trends`), an acute stay along another (`Stay.signs`), and what
laboratories calculate is calculated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any, Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.history import Curve, History, Stay, follow
from fhirserver.demo.person import Person

# Age in years; then of a typical child the height in cm, weight in kg, pulse, breaths,
# systolic and diastolic pressure, and head in cm.
GROWTH: Final = (
    (0.0, 50, 3.4, 140, 42, 70, 42, 34.6), (0.5, 67, 7.6, 132, 36, 86, 52, 43),
    (1.0, 75, 9.8, 122, 32, 90, 54, 46), (2.0, 87, 12.3, 112, 27, 92, 56, 48),
    (4.0, 102, 16.5, 102, 24, 96, 60, 50), (6.0, 116, 21, 94, 22, 100, 62, 51),
    (9.0, 134, 29, 88, 20, 104, 66, 52.5), (12.0, 150, 42, 82, 18, 108, 68, 54),
    (15.0, 166, 57, 76, 16, 114, 71, 55), (18.0, 172, 66, 72, 15, 118, 74, 56),
)  # fmt: skip
CHILD: Final = ("height", "weight", "pulse", "breaths", "systolic", "diastolic", "head")
# Level in adults, spread between people, scatter between readings.
ADULT: Final[Mapping[str, tuple[float, float, float]]] = {
    "systolic": (120, 6, 5), "diastolic": (75, 4, 4), "pulse": (72, 6, 4),
    "breaths": (15, 1, 1), "saturation": (97.6, 0.4, 0.6), "temperature": (36.7, 0.1, 0.2),
    "pain": (0.6, 0.4, 0.6), "oxygen": (0, 0, 0), "consciousness": (0, 0, 0),
}  # fmt: skip


@dataclass(slots=True)
class Body:
    """One patient's body. Mutable only in that it remembers the person's own levels."""

    person: Person
    trends: Mapping[str, Curve]
    chance: Random
    _own: dict[str, float] = field(default_factory=dict)

    def value(self, key: str, at: datetime, stay: Stay | None = None) -> float:
        """A measurement, not yet rounded."""
        course = (stay.signs.get(key) if stay else None) or self.trends.get(key)
        level, scatter = self._normal(key, at)
        if course is not None:
            level = follow(course, at)
            scatter = min(scatter, abs(level) * 0.04)
        return level + self.chance.gauss(0.0, scatter) if scatter else level

    def panel(self, tests: list[str], at: datetime, stay: Stay | None) -> dict[str, float]:
        """Measurements of a panel, with what is calculated from others calculated."""
        found: dict[str, float] = {}
        for key in tests:
            formula = FORMULAE.get(key)
            found[key] = formula(found, self.person, at) if formula else self.value(key, at, stay)
        return found

    def typical(self, key: str, at: datetime) -> float:
        """What is usual at this age and sex, for the signs that growth changes."""
        return _interpolate(self.person.age(at), CHILD.index(key) + 1)

    def _normal(self, key: str, at: datetime) -> tuple[float, float]:
        age = self.person.age(at)
        if key in CHILD and (age < 18 or key in ("height", "weight")):
            return self._growth(key, age)
        if key in ADULT:
            level, between, scatter = ADULT[key]
        else:
            level, between, scatter = _reference(key, self.person, at)
        own = self._own.get(key)
        if own is None:
            own = self._own[key] = max(-1.6, min(1.6, self.chance.gauss(0, 1))) * between
        return level + own, scatter

    def _growth(self, key: str, age: float) -> tuple[float, float]:
        own = self._own.get(key)
        if own is None:
            own = self._own[key] = max(-2.0, min(2.0, self.chance.gauss(0, 1)))
        column = CHILD.index(key) + 1
        level = _interpolate(age, column)
        if age >= 15 and self.person.sex == "female" and key in ("height", "weight"):
            level *= 0.945 if key == "height" else 0.9
        if key in ("height", "head"):
            return level * (1 + 0.035 * own), 0.2
        if key == "weight":
            # Adults put on weight: about a third of a kilogram a year, until sixty.
            grown = max(0.0, min(age, 60.0) - 18.0) * 0.35
            return level * (1 + 0.1 * own) + grown, level * 0.008
        return level * (1 + 0.04 * own), level * 0.04


def _interpolate(age: float, column: int) -> float:
    for low, high in pairwise(GROWTH):
        if age < high[0]:
            share = (age - low[0]) / (high[0] - low[0])
            return low[column] + share * (high[column] - low[column])
    return GROWTH[-1][column]


def _reference(key: str, person: Person, at: datetime) -> tuple[float, float, float]:
    test = table("tests").get(key) or table("measures")[key]
    spread = test["spread"]
    if "typical" in test:
        return test["typical"], spread, spread * 0.5
    low, high = bounds(test, person, at)
    return (low + high) / 2, spread * 0.6, spread * 0.5


def bounds(test: Mapping[str, Any], person: Person, at: datetime) -> tuple[Any, Any]:
    """The reference range of a test at that age and sex; either end may be absent."""
    if "child" in test and person.age(at) < 13:
        low, high = test["child"]
    else:
        low, high = test.get(person.sex) or test.get("range") or (None, None)
    return low, high


def body(person: Person, history: History, chance: Random) -> Body:
    """The body of a person with a history."""
    return Body(person, history.trends, chance)


def _egfr(found: Mapping[str, float], person: Person, at: datetime) -> float:
    """CKD-EPI 2021 without race: https://doi.org/10.1056/NEJMoa2102953."""
    female = person.sex == "female"
    ratio = found["creatinine"] / (0.7 if female else 0.9)
    low = min(ratio, 1.0) ** (-0.241 if female else -0.302)
    high = max(ratio, 1.0) ** -1.2
    scale = 142 * (1.012 if female else 1.0)
    return min(float(scale * low * high * 0.9938 ** person.age(at)), 140.0)


def _ldl(found: Mapping[str, float], person: Person, at: datetime) -> float:
    """Friedewald's formula, in mg/dL: https://doi.org/10.1093/clinchem/18.6.499."""
    return max(20.0, found["cholesterol"] - found["hdl"] - found["triglycerides"] / 5)


def _neutrophil_share(wbc: float) -> float:
    """Infection raises the white cells by raising the neutrophils."""
    return min(0.9, 0.5 + 0.014 * wbc)


FORMULAE: Final[Mapping[str, Callable[[Mapping[str, float], Person, datetime], float]]] = {
    "egfr": _egfr,
    "ldl": _ldl,
    "hematocrit": lambda found, _person, _at: found["hemoglobin"] * 2.98,
    "rbc": lambda found, _person, _at: 29.8 * found["hemoglobin"] / found["mcv"],
    "neutrophils": lambda found, _person, _at: found["wbc"] * _neutrophil_share(found["wbc"]),
    "lymphocytes": lambda found, _person, _at: (
        found["wbc"] * (1 - _neutrophil_share(found["wbc"])) * 0.75
    ),
    "hco3": lambda found, _person, _at: 0.0307 * found["pco2"] * 10 ** (found["ph"] - 6.1),
    "pt": lambda found, _person, _at: 12.2 * found["inr"],
}
