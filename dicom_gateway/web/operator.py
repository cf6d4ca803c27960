"""`/dicom`: what those who look after interfaces see of images, and decide.

Senders and how they stand, instances that came again with other bytes, and why studies are
nobody's. Nothing of it says whose images they are: that is for reception and radiologists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

from flask import Blueprint, Response, request

from dicom_gateway.operating.questions import ASSIGN, KINDS, OPEN, REASONS, reasons_of, study_of
from dicom_gateway.partners import Directory, Peer
from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, Invalid, NotFound
from fhirserver.instances import ConflictRow, InstanceRow, Instances, Wanted
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from fhirserver.web.administration.admission import (
    OPERATES,
    Answer,
    Body,
    Desk,
    refuse_unknown,
    text_of,
)

MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Operator:
    """What the addresses work with."""

    desk: Desk
    instances: Instances

    def peers(self) -> Mapping[str, Peer]:
        """The peers, as their Endpoints say it now, by id."""
        engine = self.desk.engine
        found = Directory(lambda kind: looked_up(engine, "Endpoint", ("connection-type", kind)))
        return {peer.id: peer for peer in found.known(0)}


def blueprint(operator: Operator) -> Blueprint:
    """All addresses below `/dicom`."""
    made = Blueprint("dicom_operator", __name__, url_prefix="/dicom")
    serve = operator.desk.serve

    @made.get("/senders")
    def senders() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return {"senders": _senders(operator)}, 200

        return serve("dicom-senders", act, also=OPERATES)

    @made.get("/conflicts")
    def conflicts() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return _conflicts(operator, request.args), 200

        return serve("dicom-conflicts", act, also=OPERATES)

    @made.post("/conflicts/<int:number>/decide")
    def decide(number: int) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            return _decided(operator, number, body), 200

        return serve("dicom-conflict-decision", act, also=OPERATES, about="dicom-conflict")

    @made.get("/questions")
    def questions() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return _questions(operator), 200

        return serve("dicom-questions", act, also=OPERATES)

    return made


def _senders(operator: Operator) -> list[Mapping[str, Any]]:
    """Peers that may store, and whoever has sent without being entered."""
    standing = {s.sender: s for s in operator.instances.senders()}
    peers = operator.peers()
    open_ones = operator.instances.conflicts(limit=MOST)
    found = []
    for id_ in sorted(standing.keys() | {p.id for p in peers.values() if "store" in p.may}):
        peer, stands = peers.get(id_), standing.get(id_)
        found.append(
            _said(
                id=id_,
                name=id_ if peer is None else peer.name,
                isEntered=peer is not None,
                aeTitle=peer.ae_title if peer is not None else stands and stands.caller,
                isBound=None if peer is None else peer.is_bound,
                hasPatientSystem=None if peer is None else peer.patient_system is not None,
                lastHour=0 if stands is None else stands.last_hour,
                last=None if stands is None else _time(stands.last),
                conflicts=sum(c.sender == id_ for c in open_ones),
            )
        )
    return found


def _conflicts(operator: Operator, given: Mapping[str, str]) -> dict[str, Any]:
    after = given.get("after", "0")
    if not after.isdecimal() or len(after) > 18:
        raise Invalid("after is the number of a conflict")
    found = operator.instances.conflicts(
        only_open=given.get("all") != "true", after=int(after), limit=MOST + 1
    )
    first = operator.instances.instances_named([c.uid for c in found[:MOST]])
    peers = operator.peers()
    return {
        "conflicts": [_conflict(peers, c, first.get(c.uid)) for c in found[:MOST]],
        "isCut": len(found) > MOST,
    }


def _conflict(
    peers: Mapping[str, Peer], other: ConflictRow, first: InstanceRow | None
) -> Mapping[str, Any]:
    """Both datasets of an instance: who sent them, when, how long they are, where they belong."""
    is_elsewhere = first is not None and (
        other.claimed_study != other.study or other.claimed_series != first.series.uid
    )
    return _said(
        number=other.number,
        instance=other.uid,
        study=other.study,
        sopClass=other.sop_class,
        first=None
        if first is None
        else {
            "sender": _name(peers, first.sender),
            "received": _time(first.received),
            "size": first.size,
        },
        other={
            "sender": _name(peers, other.sender),
            "received": _time(other.received),
            "size": other.size,
        },
        # Of another study or series: it can't be shown in this one.
        isElsewhere=is_elsewhere,
        ended=_time(other.ended),
    )


def _decided(operator: Operator, number: int, body: Body) -> dict[str, Any]:
    refuse_unknown(body, "shown")
    shown = text_of(body, "shown")
    if shown not in {"first", "other"}:
        raise Invalid("shown is first or other", expression="shown")
    conflict = operator.instances.conflict(number)
    if conflict is None:
        raise NotFound("there is no conflict with this number")
    if not operator.instances.decide(conflict, cast(Literal["first", "other"], shown)):
        raise Conflict(
            "somebody has decided, or the other one says that it is of another study or series"
        )
    return {"number": number, "shown": shown}


def _questions(operator: Operator) -> dict[str, Any]:
    """Studies that are nobody's, and why; who sent them may be able to mend that."""
    tasks = looked_up(
        operator.desk.engine,
        "Task",
        ("code", f"{KINDS}|{ASSIGN}"),
        ("status", ",".join(sorted(OPEN))),
    )
    peers = operator.peers()
    return {
        "questions": [_question(operator.instances, peers, task) for task in tasks[:MOST]],
        "isCut": len(tasks) > MOST,
    }


def _question(instances: Instances, peers: Mapping[str, Peer], task: Resource) -> Mapping[str, Any]:
    study = study_of(task)
    some = instances.instances(Wanted(studies=[study], limit=1)) if study else []
    return _said(
        id=task["id"],
        study=study,
        imagingStudy=task.get("focus", {}).get("reference"),
        reasons=[{"code": r, "text": REASONS.get(r, r)} for r in reasons_of(task)],
        sender=_name(peers, some[0].sender) if some else None,
        changed=task.get("meta", {}).get("lastUpdated"),
    )


def _name(peers: Mapping[str, Peer], sender: str) -> str:
    """What a sender is called; its id where it isn't entered any more."""
    return peers[sender].name if sender in peers else sender


def _said(**members: Any) -> Mapping[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
