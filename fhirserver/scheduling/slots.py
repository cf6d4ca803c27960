"""Slots: cut from working hours, taken by appointments, given back.

A slot says by a digest of the appointment's id which appointment has taken it, or blocks it because
the same person or room has another slot at that time. So it is given back by that one only,
and nobody learns from it whose it is.
https://hl7.org/fhir/R4/slot.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Any, Final, Literal

from fhirserver.model.resource import Resource
from fhirserver.scheduling.times import Span, moment, written

TAKEN_BY: Final = "https://fhirserver.example/StructureDefinition/slot-taken-by"
BLOCKED_BY: Final = "https://fhirserver.example/StructureDefinition/slot-blocked-by"
CLOSED: Final = {
    "system": "https://fhirserver.example/CodeSystem/slot-tag",
    "code": "outside-hours",
}
"""The tag of a slot that was closed because the hours have changed since."""
Taking = Literal["busy", "busy-tentative"]
TAKEN: Final = frozenset({"busy", "busy-tentative"})


def span_of(resource: Resource) -> Span:
    """From when to when a slot or an appointment is."""
    return Span(moment(resource["start"]), moment(resource["end"]))


def cut(spans: Iterable[Span], length: timedelta, gap: timedelta) -> list[Span]:
    """Pieces of one length, from the beginning of each stretch on; a rest that is shorter is left.

    A piece has its length by the watch, on the days on which the clock is changed, too.
    """
    found = []
    for span in spans:
        start = span.start
        while start + length <= span.end:
            found.append(Span(start, start + length))
            start += length + gap
    return found


def slot(schedule: Resource, span: Span, zone: tzinfo) -> Resource:
    """A free slot of a schedule, of the schedule's kinds of service."""
    shared = ("serviceCategory", "serviceType", "specialty")
    return {
        "resourceType": "Slot",
        **{k: schedule[k] for k in shared if k in schedule},
        "schedule": {"reference": f"Schedule/{schedule['id']}"},
        "status": "free",
        "start": written(span.start, zone),
        "end": written(span.end, zone),
    }


def digest(appointment: str) -> str:
    """What stands for an appointment in its slots. Its id is random, so nobody finds it by it."""
    return sha256(f"Appointment/{appointment}".encode()).hexdigest()[:32]


def taken_by(resource: Resource) -> frozenset[str]:
    return _digests(resource, TAKEN_BY)


def blocked_by(resource: Resource) -> frozenset[str]:
    return _digests(resource, BLOCKED_BY)


def take(resource: Resource, appointment: str, status: Taking) -> Resource:
    """The slot as this appointment's own."""
    kept = _without(resource, TAKEN_BY, None)
    return _with({**kept, "status": status}, TAKEN_BY, digest(appointment))


def block(resource: Resource, appointment: str) -> Resource:
    """The slot as one that nobody else may have while this appointment has the time.

    One that is closed for another reason stays as it is.
    """
    return blocked(resource, [digest(appointment)])


def blocked(resource: Resource, digests: Iterable[str]) -> Resource:
    """The slot blocked by the appointments with these digests."""
    if resource["status"] != "free" and not blocked_by(resource):
        return resource
    for each in sorted(set(digests) - blocked_by(resource)):
        resource = _with({**resource, "status": "busy-unavailable"}, BLOCKED_BY, each)
    return resource


def release(resource: Resource, appointment: str) -> Resource:
    """The slot without what this appointment took or blocked of it."""
    mine = digest(appointment)
    if mine in taken_by(resource):
        kept = _without(resource, TAKEN_BY, mine)
        return {**kept, "status": "busy-unavailable" if blocked_by(kept) else "free"}
    if mine in blocked_by(resource):
        kept = _without(resource, BLOCKED_BY, mine)
        is_free = not blocked_by(kept) and kept["status"] == "busy-unavailable"
        return {**kept, "status": "free"} if is_free else kept
    return resource


def close(resource: Resource) -> Resource:
    """A free slot as one outside of the hours."""
    meta = resource.get("meta", {})
    tags = [*meta.get("tag", ()), CLOSED]
    return {**resource, "status": "busy-unavailable", "meta": {**meta, "tag": tags}}


def is_closed(resource: Resource) -> bool:
    return CLOSED in resource.get("meta", {}).get("tag", ())


def reopen(resource: Resource) -> Resource:
    """The reverse of `close`."""
    tags = [t for t in resource["meta"]["tag"] if t != CLOSED]
    meta = {k: v for k, v in resource["meta"].items() if k != "tag"}
    return {**resource, "status": "free", "meta": {**meta, "tag": tags} if tags else meta}


def runs(free: Sequence[Resource], length: timedelta | None) -> list[list[Resource]]:
    """Free slots of one schedule that together last so long, one after the other without a gap.

    Without a length each slot by itself. No two runs that are given begin at the same time.
    """
    ordered = sorted(free, key=lambda s: (moment(s["start"]), moment(s["end"])))
    found: dict[datetime, list[Resource]] = {}
    for number, first in enumerate(ordered):
        start, end = span_of(first)
        run = [first]
        for other in ordered[number + 1 :]:
            if length is None or end - start >= length:
                break
            if moment(other["start"]) == end:
                run.append(other)
                end = moment(other["end"])
        if length is None or end - start >= length:
            found.setdefault(start, run)
    return list(found.values())


def covering(free: Sequence[Resource], span: Span) -> list[Resource] | None:
    """Free slots of one schedule that cover a stretch without a gap; None when there are none."""
    run: list[Resource] = []
    reached = span.start
    for each in sorted(free, key=lambda s: (moment(s["start"]), moment(s["end"]))):
        start, end = span_of(each)
        fits = start <= reached < end if not run else start == reached
        if fits and reached < span.end:
            run.append(each)
            reached = end
    return run if run and reached >= span.end else None


def _digests(resource: Resource, url: str) -> frozenset[str]:
    return frozenset(
        str(e.get("valueString")) for e in resource.get("extension", ()) if e.get("url") == url
    )


def _with(resource: Resource, url: str, value: str) -> Resource:
    more = {"url": url, "valueString": value}
    return {**resource, "extension": [*resource.get("extension", ()), more]}


def _without(resource: Resource, url: str, value: str | None) -> Resource:
    """Without the extensions of this kind, or only the one of this value."""
    left: list[Any] = [
        e
        for e in resource.get("extension", ())
        if e.get("url") != url or value not in {None, e.get("valueString")}
    ]
    kept = {k: v for k, v in resource.items() if k != "extension"}
    return {**kept, "extension": left} if left else kept
