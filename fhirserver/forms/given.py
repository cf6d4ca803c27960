"""What was given to a form: its items beside the answers.

https://hl7.org/fhir/R4/questionnaireresponse.html#link
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Issue, TooCostly
from fhirserver.forms.extensions import first, value
from fhirserver.forms.populating import place_of
from fhirserver.model.resource import Resource

MOST_GIVEN: Final = 20_000

NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Given:
    """An item of a form as it was filled in once.

    `item` is the Questionnaire's, `filled` the QuestionnaireResponse's; `inside` are the items
    inside, those below an answer too.
    """

    item: Resource
    filled: Resource
    inside: tuple[Given, ...]

    @property
    def values(self) -> list[tuple[str, Any]]:
        """The answers as types and values: `("Coding", {...})`."""
        return [typed for a in self.filled.get("answer", ()) if (typed := typed_value(a))]

    @property
    def is_group(self) -> bool:
        return self.item.get("type") == "group"

    @property
    def place(self) -> str:
        """The item, as FHIRPath."""
        return place_of(self.item)

    @property
    def has_answers(self) -> bool:
        """Whether anything was answered here or inside."""
        return bool(self.filled.get("answer")) or any(g.has_answers for g in self.inside)

    def subject(self) -> Resource | None:
        """Whom this part of the form is about, where one of its questions asks for that."""
        for given in self.inside:
            if first(given.item, "isSubject") is True:
                for kind, found in given.values:
                    if kind == "Reference":
                        return dict(found)
        return None


@dataclass(slots=True)
class Pairing:
    """Puts the items of a response beside those of its form; `issues` name what has none."""

    issues: list[Issue]
    _count: int = 0

    def pair(self, items: Iterable[Resource], filled: Iterable[Resource]) -> tuple[Given, ...]:
        """Each item that was filled in, in the order of the form."""
        by_link: dict[str, list[Resource]] = {}
        for one in filled:
            by_link.setdefault(one.get("linkId", ""), []).append(one)
        found = []
        for item in items:
            for one in by_link.pop(item.get("linkId", ""), ()):
                self._count += 1
                if self._count > MOST_GIVEN:
                    raise TooCostly(f"the form has more than {MOST_GIVEN} items")
                found.append(Given(item, one, self.pair(item.get("item", ()), _inside(one))))
        for link in by_link:
            text = "isn't asked for at this place of the form: nothing was made of it"
            self.issues.append(Issue("warning", "not-found", text, filled_place(link)))
        return tuple(found)


def filled_place(link: str) -> str:
    """Where an item of a response is, as FHIRPath."""
    return place_of({"linkId": link}).replace("Questionnaire", "QuestionnaireResponse", 1)


def typed_value(holder: Resource) -> tuple[str, Any] | None:
    """The value[x] of an answer or an extension with its type, such as `("date", "2020-01-01")`."""
    for key in holder:
        if key.startswith("value"):
            kind = key.removeprefix("value")
            # Primitives begin with a small letter, datatypes with a capital.
            found = value(holder)
            return (kind if isinstance(found, dict) else kind[:1].lower() + kind[1:], found)
    return None


def _inside(filled: Resource) -> Sequence[Resource]:
    answers = filled.get("answer", ())
    return [*filled.get("item", ()), *(i for a in answers for i in a.get("item", ()))]
