"""People who look like somebody who is stored, and are somebody else."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any, Final

from conformance.matching.mistakes import typo
from conformance.matching.people import SSN, Person, at, numbers, phone

Stranger = Callable[[Person, random.Random], Person | None]
STRANGERS: Final[dict[str, Stranger]] = {}


def stranger(act: Stranger) -> Stranger:
    STRANGERS[act.__name__.replace("_", " ")] = act
    return act


def _other(person: Person, **changed: Any) -> Person:
    made = {k: v for k, v in {**copy.deepcopy(person), **changed}.items() if v is not None}
    made.pop("id", None)
    return made


def _named(person: Person, given: str, **changed: Any) -> Person:
    name = {**copy.deepcopy(person["name"][0]), "given": [given]}
    return _other(person, name=[name], **changed)


def _is_national(identifier: Person) -> bool:
    return bool(identifier["system"] == SSN)


@stranger
def twin(person: Person, chance: random.Random) -> Person:
    return _named(person, "Quillon", identifier=numbers(chance))


@stranger
def twin_with_a_similar_name(person: Person, chance: random.Random) -> Person | None:
    """Marta and Maria, Jayden and Kayden: one letter apart, all else the same."""
    given = person["name"][0]["given"][0]
    return None if len(given) < 4 else _named(person, typo(given, chance), identifier=None)


@stranger
def twin_with_a_similar_name_and_the_next_number(
    person: Person, chance: random.Random
) -> Person | None:
    made = twin_with_a_similar_name(person, chance)
    if made is None:
        return None
    social = next(i["value"] for i in person["identifier"] if _is_national(i))
    last = (int(social[-1]) + 1) % 10
    return made | {"identifier": [{"system": SSN, "value": f"{social[:-1]}{last}"}]}


@stranger
def twin_who_is_said_to_be_the_second(person: Person, chance: random.Random) -> Person:
    return _named(person, "Quillon", identifier=None, multipleBirthInteger=2)


@stranger
def of_the_same_name_and_birthday(person: Person, chance: random.Random) -> Person:
    home = {"line": ["77 Other Way"], "city": "Far Away", "postalCode": "11111"}
    return _other(person, identifier=numbers(chance), address=[home], telecom=[phone(chance)])


@stranger
def of_the_same_name_and_birthday_without_more(person: Person, chance: random.Random) -> Person:
    return _other(person, identifier=None, address=None, telecom=None)


@stranger
def of_the_same_name_and_birthday_in_the_same_town(person: Person, chance: random.Random) -> Person:
    return _other(person, identifier=None, address=[at(person, chance)], telecom=None)


@stranger
def parent_of_the_same_name(person: Person, chance: random.Random) -> Person:
    year = int(person["birthDate"][:4]) - 30
    return _other(person, identifier=None, birthDate=f"{year}{person['birthDate'][4:]}")


@stranger
def parent_of_the_same_name_born_the_same_day(person: Person, chance: random.Random) -> Person:
    """Thirty years earlier only one digit of the birth date differs."""
    decade = (int(person["birthDate"][2]) - 3) % 10
    born = f"{person['birthDate'][:2]}{decade}{person['birthDate'][3:]}"
    return _other(person, identifier=None, birthDate=born)


@stranger
def parent_of_the_same_name_without_a_birth_date(person: Person, chance: random.Random) -> Person:
    return _other(person, identifier=None, birthDate=None)


@stranger
def twin_without_a_given_name(person: Person, chance: random.Random) -> Person:
    name = {k: v for k, v in person["name"][0].items() if k != "given"}
    return _other(person, identifier=None, name=[name])


@stranger
def brother_or_sister(person: Person, chance: random.Random) -> Person:
    year = int(person["birthDate"][:4]) + 2
    return _named(person, "Quillon", identifier=None, birthDate=f"{year}-05-17")


@stranger
def husband_or_wife(person: Person, chance: random.Random) -> Person:
    gender = "male" if person["gender"] == "female" else "female"
    year = int(person["birthDate"][:4]) + 1
    return _named(person, "Quillon", identifier=None, gender=gender, birthDate=f"{year}-05-17")


@stranger
def who_was_given_the_number_by_mistake(person: Person, chance: random.Random) -> Person:
    name = {"family": "Featherstonehaugh", "given": ["Quillon"]}
    return _other(person, name=[name], birthDate="1955-05-17", address=None, telecom=None)


@stranger
def child_who_is_registered_with_the_number_of_the_parent(
    person: Person, chance: random.Random
) -> Person:
    year = min(int(person["birthDate"][:4]) + 28, 2024)
    return _named(person, "Quillon", birthDate=f"{year}-05-17")
