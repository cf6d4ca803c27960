"""What happens to a person's record between two registrations. Each gives the record that comes the
second time, of the same person; None where it can't happen to this one.
"""

from __future__ import annotations

import copy
import random
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from conformance.matching.people import Person, at, phone
from fhirserver.matching.nicknames import forms

Mistake = Callable[[Person, random.Random], Person | None]
MISTAKES: Final[dict[str, Mistake]] = {}


def mistake(act: Mistake) -> Mistake:
    MISTAKES[act.__name__.replace("_", " ")] = act
    return act


def _with(person: Person, **changed: Any) -> Person:
    made = {k: v for k, v in {**copy.deepcopy(person), **changed}.items() if v is not None}
    made.pop("id", None)
    return made


def _named(person: Person, **changed: Any) -> Person:
    """With another official name, the only one that is told."""
    return _with(person, name=[{**copy.deepcopy(person["name"][0]), **changed}])


def typo(word: str, chance: random.Random) -> str:
    """A letter wrong, left out, doubled, or exchanged with the next one; never the first."""
    made = word
    while made == word:
        place = chance.randrange(2, len(word))
        before, letter, after = word[:place], word[place], word[place + 1 :]
        made = chance.choice([
            before + chance.choice("aeiourstln") + after,
            before + after,
            before + letter + letter + after,
            before[:-1] + letter + before[-1] + after,
        ])  # fmt: skip
    return made


@mistake
def nothing_at_all(person: Person, chance: random.Random) -> Person:
    return _with(person)


@mistake
def typo_in_the_family_name(person: Person, chance: random.Random) -> Person:
    return _named(person, family=typo(person["name"][0]["family"], chance))


@mistake
def typo_in_the_given_name(person: Person, chance: random.Random) -> Person | None:
    given = person["name"][0]["given"][0]
    return None if len(given) < 4 else _named(person, given=[typo(given, chance)])


@mistake
def names_exchanged(person: Person, chance: random.Random) -> Person:
    name = person["name"][0]
    return _named(person, family=name["given"][0], given=[name["family"]])


@mistake
def nickname(person: Person, chance: random.Random) -> Person | None:
    other = sorted(forms(person["name"][0]["given"][0].lower()))
    return _named(person, given=[chance.choice(other).title()]) if other else None


@mistake
def only_an_initial(person: Person, chance: random.Random) -> Person:
    return _named(person, given=[person["name"][0]["given"][0][0]])


@mistake
def another_family_name_after_marriage(person: Person, chance: random.Random) -> Person | None:
    return _named(person, family="Featherstonehaugh") if person["gender"] == "female" else None


@mistake
def capitals_and_no_accents(person: Person, chance: random.Random) -> Person:
    def plain(word: str) -> str:
        return unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode().upper()

    name = person["name"][0]
    return _named(person, family=plain(name["family"]), given=[plain(g) for g in name["given"]])


@mistake
def day_and_month_exchanged(person: Person, chance: random.Random) -> Person | None:
    year, month, day = person["birthDate"].split("-")
    return (
        _with(person, birthDate=f"{year}-{day}-{month}") if int(day) < 13 and day != month else None
    )


@mistake
def one_digit_of_the_birth_date_wrong(person: Person, chance: random.Random) -> Person:
    year = person["birthDate"][:3] + str((int(person["birthDate"][3]) + 1) % 10)
    return _with(person, birthDate=year + person["birthDate"][4:])


@mistake
def no_birth_date(person: Person, chance: random.Random) -> Person:
    return _with(person, birthDate=None)


@mistake
def moved_to_another_town(person: Person, chance: random.Random) -> Person:
    home = {"line": ["1 New Lane"], "city": "Elsewhere", "postalCode": "99999"}
    return _with(person, address=[home])


@mistake
def moved_and_another_phone(person: Person, chance: random.Random) -> Person:
    return _with(person, address=[at(person, chance)], telecom=[phone(chance)])


@mistake
def no_address_and_no_phone(person: Person, chance: random.Random) -> Person:
    return _with(person, address=None, telecom=None)


@mistake
def sex_not_known(person: Person, chance: random.Random) -> Person:
    return _with(person, gender="unknown")


@mistake
def typos_in_both_names(person: Person, chance: random.Random) -> Person | None:
    first = typo_in_the_given_name(person, chance)
    return None if first is None else typo_in_the_family_name(first, chance)


@mistake
def typo_in_the_name_and_moved(person: Person, chance: random.Random) -> Person:
    return moved_to_another_town(typo_in_the_family_name(person, chance), chance) or {}
