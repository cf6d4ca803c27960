"""Whom a person can choose as the patient of an app: those whom the engine shows them, no others.

Staff search; patients have themselves, relatives those whom they look after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.oauth.own_rights import origin
from fhirserver.oauth.shown_patient import ShownPatient, shown
from fhirserver.search.escaping import escape

MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed to find a patient; all of it must fit."""

    name: str = ""
    number: str = ""
    born: str = ""

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """As a FHIR search, of which each word of the name must begin some part of the name."""
        words = [("name", escape(word)) for word in self.name.split()]
        number = [("identifier", escape(self.number.strip()))] if self.number.strip() else []
        day = [("birthdate", self.born.strip())] if self.born.strip() else []
        return (*words, *number, *day)


@dataclass(frozen=True, slots=True)
class Found:
    """Some patients, and whether there are more."""

    patients: tuple[ShownPatient, ...]
    is_more: bool = False


def search(engine: Engine, principal: Principal, asked: Asked) -> Found:
    """The patients whom the caller may find and who fit. Raises errors.FhirError."""
    query = (*asked.query, ("_count", str(MOST_SHOWN)), ("_sort", "family,given,birthdate"))
    asked_for = FhirRequest("search-type", principal, type="Patient", query=query, origin=origin())
    answer = engine.handle(asked_for)
    bundle = json.parse_object(answer.content or b"{}")
    today = clock.now().date()
    matches = [e["resource"] for e in bundle.get("entry") or () if _is_match(e)]
    is_more = any(link["relation"] == "next" for link in bundle.get("link") or ())
    return Found(tuple(shown(each, today) for each in matches), is_more)


def patient(engine: Engine, principal: Principal, id_: str) -> ShownPatient | None:
    """The patient of that id; None when there is none whom the caller may see."""
    found = _read(engine, principal, "Patient", id_)
    return None if found is None else shown(found, clock.now().date())


def can_choose(principal: Principal) -> bool:
    """Whether there may be several to choose from: patients and relatives have one."""
    kind = ((principal.user and principal.user.fhir_user) or "").partition("/")[0]
    return kind not in {"Patient", "RelatedPerson"}


def own(engine: Engine, principal: Principal) -> tuple[ShownPatient, ...] | None:
    """The only patients whom the caller can choose; None for staff, who search."""
    kind, _, id_ = ((principal.user and principal.user.fhir_user) or "").partition("/")
    if kind == "Patient":
        ids = [id_]
    elif kind == "RelatedPerson":
        relation = _read(engine, principal, kind, id_) or {}
        kind, _, id_ = str((relation.get("patient") or {}).get("reference", "")).partition("/")
        ids = [id_] if kind == "Patient" else []
    else:
        return None
    found = (patient(engine, principal, each) for each in ids)
    return tuple(each for each in found if each is not None)


def _read(engine: Engine, principal: Principal, kind: str, id_: str) -> dict[str, Any] | None:
    try:
        read = FhirRequest("read", principal, type=kind, id=id_, origin=origin())
        answer = engine.handle(read)
    except FhirError:
        return None
    return json.parse_object(answer.content or b"{}")


def _is_match(entry: dict[str, Any]) -> bool:
    is_match: bool = (entry.get("search") or {}).get("mode") == "match"
    return is_match
