"""The people in the beds: name, birth, address, and what they were born with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from fhirserver.demo.cast import Part
from fhirserver.demo.catalogue import table
from fhirserver.demo.moment import DAY, years


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as the registration desk knows them; `born` is at midnight."""

    n: int
    sex: str
    given: str
    middle: str
    family: str
    born: datetime
    phone: str
    line: str
    city: str
    postcode: str
    language: tuple[str, str]
    race: tuple[str, str]
    hispanic: bool
    married: bool
    smoker: bool
    job: str

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"

    def age(self, at: datetime) -> float:
        """Age in years."""
        return (at - self.born).days / 365.25


def _weighted(chance: Random, rows: list[list[str | int]]) -> tuple[str, str]:
    row = chance.choices(rows, weights=[int(r[2]) for r in rows])[0]
    return str(row[0]), str(row[1])


def person(n: int, part: Part, now: datetime, chance: Random) -> Person:
    """Patient `n`, drawn for their part."""
    names = table("names")
    sex = part.sex or chance.choice(("female", "male"))
    age = chance.uniform(part.ages[0], part.ages[1] + 0.9)
    city, postcode = chance.choice(names["cities"])
    adult = age >= 18
    return Person(
        n=n,
        sex=sex,
        given=chance.choice(names[sex]),
        middle=chance.choice(names[sex]),
        family=chance.choice(names["family"]),
        born=(now - years(age) - DAY * chance.randrange(30)).replace(hour=0, minute=0),
        phone=f"+1 602 555 {chance.randrange(2000, 9999)}",
        line=f"{chance.randrange(10, 9900)} {chance.choice(names['streets'])}",
        city=city,
        postcode=postcode,
        language=_weighted(chance, names["languages"]),
        race=_weighted(chance, names["races"]),
        hispanic=chance.random() < 0.3,
        married=adult and chance.random() < 0.6,
        smoker=adult and chance.random() < (0.8 if "copd" in part.stories else 0.18),
        job=chance.choice(names["jobs"]) if adult else "pupil",
    )
