"""From an event to the row of its AuditEvent: content, index values and owner in one go.

Thousands of events a second leave no time for the generic extraction. An AuditEvent is therefore
put together from pieces: what recurs (the codes, the agents) is made once, by the generic
extraction itself, and remembered with its JSON; the resources and patients of a request have
values that a few additions give. A test holds the result to what `extract` and `stamp` make of
the same resource.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from fhirserver.audit import codes
from fhirserver.audit.codes import Code
from fhirserver.audit.event import Action, Caller, DicomStudy, Event, Subject
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.extract import extract
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import digest, number, salt
from fhirserver.search.index import StringRow
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import Site
from fhirserver.search.stamp import stamp
from fhirserver.storage.audit_events import EventRow

MOST_ENTITIES: Final = 100
"""Entities in an AuditEvent; more of them lie beside it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_uncached: Final[Callable[[str], int]] = digest.__wrapped__
"""For what never comes twice."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some elements of an AuditEvent: their JSON, and their part of the index."""

    text: str
    elements: tuple[int, ...]
    strings: tuple[StringRow, ...] = ()
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What is the same in all events of one kind by one caller.

    `before` and `after` the moment are the JSON up to the entities; `elements` is `known` as
    PostgreSQL wants it.
    """

    before: str
    after: str
    elements: str
    known: frozenset[int]
    addresses: tuple[tuple[str, bool, bool], ...]
    owner: int | None


class Rows:
    """Makes rows, for one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._shape = lru_cache(maxsize=8_192)(self._make_shape)
        self._server = urlsplit(site.base_url).hostname or site.base_url
        self._request_id = self._entity((codes.BALP_ENTITIES, "XrequestId"), None)
        self._data = self._entity((codes.ENTITY_TYPES, "2"), (codes.ENTITY_ROLES, "4"))
        self._person = self._entity((codes.ENTITY_TYPES, "1"), (codes.ENTITY_ROLES, "1"))
        # What was searched for may name patients and illnesses.
        self._query = self._entity(
            (codes.ENTITY_TYPES, "2"),
            (codes.ENTITY_ROLES, "24"),
            securityLabel=[_coding((codes.CONFIDENTIALITY, "R"))],
        )
        self._images = lru_cache(maxsize=1_024)(self._make_images)
        self._subject = lru_cache(maxsize=1_024)(self._make_subject)
        self._salts = salt("entity"), salt("patient")

    def row(self, event: Event) -> EventRow:
        """The row of an event."""
        touched, patients, query = event.touched, event.patients, event.query
        request_id = event.request_id
        has_patient = bool(patients) or any(t[0] == "Patient" for t in touched)
        shape = self._shape(
            event.subtype,
            event.operation,
            event.action,
            event.outcome,
            event.reason,
            event.caller,
            request_id is not None,
            query is not None,
            bool(touched),
            bool(patients),
            has_patient,
        )
        of_entity, of_patient = self._salts
        elements: list[int] = []
        entities: list[str] = []
        if request_id is not None:
            code = fold_code(request_id)
            elements.append(_uncached(f"i|c|{code}") ^ of_entity)
            elements.append(_uncached(f"i|s||{code}") ^ of_entity)
            entities.append(
                f'{{"what":{{"identifier":{{"value":{_json(request_id)}}}}},'
                f"{self._request_id.text}}}"
            )
        if query is not None:
            entities.append(f'{{{self._query.text},"query":"{query}"}}')
        owners = set() if shape.owner is None else {shape.owner}
        data, person = self._data.text, self._person.text
        for piece in (*map(self._images, event.studies), *map(self._subject, event.subjects)):
            elements += (e for e in piece.elements if e not in shape.known)
            entities.append(f"{{{piece.text}}}")
        for kind, id_, version in touched:
            plain = f"{kind}/{id_}"
            hashed = _uncached(f"r|{plain}")
            elements.append(hashed ^ of_entity)
            if kind == "Patient":
                elements.append(hashed ^ of_patient)
                owners.add(hashed)
            written = plain if version is None else f"{plain}/_history/{version}"
            entities.append(f'{{"what":{{"reference":"{written}"}},{data}}}')
        for patient in patients:
            hashed = digest(f"r|Patient/{patient}")
            elements += (hashed ^ of_entity, hashed ^ of_patient)
            owners.add(hashed)
            entities.append(f'{{"what":{{"reference":"Patient/{patient}"}},{person}}}')
        more: tuple[str, ...] = ()
        if len(entities) > MOST_ENTITIES:
            rest = len(entities) - MOST_ENTITIES
            more = tuple(_references(event)[-rest:])
            del entities[MOST_ENTITIES:]
        own = dict.fromkeys(elements)
        if shape.owner is not None:
            # Patients may touch what is their own.
            own = dict.fromkeys(e for e in own if e not in shape.known)
        of_entities = f',"entity":[{",".join(entities)}]}}' if entities else "}"
        return EventRow(
            id=event.id,
            self=_uncached(f"r|AuditEvent/{event.id}"),
            recorded=event.recorded * 1000,
            owner=owners.pop() if len(owners) == 1 else None,
            content=f"{shape.before}{_instant(event.recorded)}{shape.after}{of_entities}",
            elements=",".join((shape.elements, *map(str, own))),
            addresses=shape.addresses,
            more=more,
        )

    def _make_shape(
        self,
        subtype: str,
        operation: str | None,
        action: Action,
        outcome: str,
        reason: str | None,
        caller: Caller,
        has_request_id: bool,
        has_query: bool,
        has_touched: bool,
        has_patients: bool,
        has_patient: bool,
    ) -> Shape:
        what = self._make_what(subtype, operation, action, outcome, reason)
        who = self._make_who(caller, action)
        pieces = [what, who]
        pieces += [self._request_id] if has_request_id else []
        pieces += [self._query] if has_query else []
        pieces += [self._data] if has_touched else []
        pieces += [self._person] if has_patients else []
        elements = {e for piece in pieces for e in piece.elements}
        of_entity, of_patient = self._salts
        if has_request_id or has_touched or has_patients:
            elements.add(digest("?") ^ of_entity)
        if has_patient:
            elements.add(digest("?") ^ of_patient)
        return Shape(
            f'{{{what.text},"recorded":"',
            f'",{who.text}',
            ",".join(map(str, sorted(elements))),
            frozenset(elements),
            tuple((r.text, r.first, r.last) for r in who.strings),
            who.owner,
        )

    def _make_what(
        self,
        subtype: str,
        operation: str | None,
        action: Action,
        outcome: str,
        reason: str | None,
    ) -> Piece:
        kind, of_kind = codes.REST, (codes.INTERACTIONS, subtype)
        if subtype in codes.SIGN_INS:
            kind, of_kind = codes.USER_AUTHENTICATION, codes.SIGN_INS[subtype]
        elif subtype == "import":
            kind, of_kind = codes.IMPORT, (codes.OPERATIONS, "load")
        subtypes = [_coding(of_kind)]
        if subtype in codes.DICOM_EVENTS:
            kind, more = codes.DICOM_EVENTS[subtype]
            subtypes = [] if more is None else [_coding(more)]
        if operation is not None:
            subtypes.append(_coding((codes.OPERATIONS, operation)))
        made: Resource = {
            "type": _coding(kind),
            **({"subtype": subtypes} if subtypes else {}),
            "action": action,
            "outcome": outcome,
        }
        if reason is not None:
            made["outcomeDesc"] = reason
        return self._piece(made)

    def _make_who(self, caller: Caller, action: Action) -> Piece:
        client, server, user = codes.AGENTS[action]
        by_client: Resource = {"type": _concept(client), "who": _identified(caller.client)}
        by_client["requestor"] = caller.user is None and caller.who is None
        if caller.address is not None:
            by_client["network"] = {"address": caller.address, "type": "2"}
        agents = [
            by_client,
            {
                "type": _concept(server),
                # No identifier: what is the same in all events need not be found by.
                "who": {"display": self._site.base_url},
                "requestor": False,
                "network": {"address": self._server, "type": "1"},
            },
        ]
        if not by_client["requestor"]:
            agents.append(_user(caller, user))
        made: Resource = {}
        if caller.purposes:
            made["purposeOfEvent"] = [_concept((codes.PURPOSES, p)) for p in caller.purposes]
        made["agent"] = agents
        made["source"] = {
            "observer": {"display": "fhirserver"},
            "type": [_coding((codes.SOURCE_TYPES, "4"))],
        }
        return self._piece(made)

    def _entity(self, kind: Code, role: Code | None, **more: Any) -> Piece:
        made: Resource = {"type": _coding(kind), **more}
        if role is not None:
            made["role"] = _coding(role)
        values = extract(
            {"resourceType": "AuditEvent", "entity": [made]}, base_parameters(), self._site
        )
        return Piece(_json(made)[1:-1], tuple(values.elements))

    def _make_images(self, study: DicomStudy) -> Piece:
        """The entity of a study that is known by its UID. PS3.15 A.5.2.4"""
        made: Resource = {
            "what": {"identifier": {"system": codes.DICOM_UID, "value": f"urn:oid:{study.uid}"}},
            "type": _coding((codes.ENTITY_TYPES, "2")),
            "role": _coding((codes.ENTITY_ROLES, "3")),
        }
        detail = [{"type": codes.SOP_CLASSES, "valueString": uid} for uid in study.sop_classes]
        if study.instances:
            detail.append({"type": codes.INSTANCES, "valueString": str(study.instances)})
        if detail:
            made["detail"] = detail
        values = extract(
            {"resourceType": "AuditEvent", "entity": [made]}, base_parameters(), self._site
        )
        return Piece(_json(made)[1:-1], tuple(values.elements))

    def _make_subject(self, subject: Subject) -> Piece:
        """The entity of what is no resource, with what was changed about it."""
        made: Resource = {
            "what": {
                "identifier": {"system": f"{codes.SUBJECTS}:{subject.kind}", "value": subject.id}
            },
            "type": _coding((codes.ENTITY_TYPES, "2")),
            "role": _coding((codes.ENTITY_ROLES, codes.SUBJECT_ROLES.get(subject.kind, "4"))),
        }
        if subject.told:
            made["detail"] = [{"type": name, "valueString": said} for name, said in subject.told]
        values = extract(
            {"resourceType": "AuditEvent", "entity": [made]}, base_parameters(), self._site
        )
        return Piece(_json(made)[1:-1], tuple(values.elements))

    def _piece(self, elements: Resource) -> Piece:
        """Some elements with what the generic extraction makes of them."""
        resource = {"resourceType": "AuditEvent", **elements}
        values = extract(resource, base_parameters(), self._site)
        owner = stamp(resource, base_parameters(), self._site).owner
        strings = tuple(r for r in values.strings if r.param == number("address"))
        return Piece(_json(elements)[1:-1], tuple(values.elements), strings, owner)


def _user(caller: Caller, kind: Code) -> Resource:
    made: Resource = {"type": _concept(kind)}
    if caller.roles:
        made["role"] = [_concept((codes.ROLES, r)) for r in caller.roles]
    who: Resource = {"reference": caller.who} if caller.who else _identified(caller.user)
    if caller.name:
        who["display"] = caller.name
    made["who"] = who
    if caller.who is not None and caller.user is not None:
        made["altId"] = caller.user
    made["requestor"] = True
    if caller.purposes:
        made["purposeOfUse"] = [_concept((codes.PURPOSES, p)) for p in caller.purposes]
    return made


def _identified(value: str | None) -> Resource:
    return {"identifier": {"value": value}} if value else {"display": "unknown"}


def _coding(code: Code) -> dict[str, str]:
    return {"system": code[0], "code": code[1]}


def _concept(code: Code) -> Resource:
    return {"coding": [_coding(code)]}


def _references(event: Event) -> list[str]:
    """All that an event touched, as it is written."""
    return [
        *(f"{t}/{i}" if v is None else f"{t}/{i}/_history/{v}" for t, i, v in event.touched),
        *(f"Patient/{p}" for p in event.patients),
    ]


def _json(value: Any) -> str:
    return json.dump(value).decode()


def _instant(milliseconds: int) -> str:
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")
