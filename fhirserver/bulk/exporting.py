"""An export, part by part: each makes one file, and is committed with it.

The parts go through the types in order, and through a type in the order of the keys. All files are
of one moment, that of the request: what has changed since is given as it was then.
https://hl7.org/fhir/uv/bulkdata/export.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import Any, Final

from fhirserver import clock
from fhirserver.blobs import Blob
from fhirserver.bulk.disclosing import record
from fhirserver.bulk.formats import WRITTEN, Line
from fhirserver.bulk.hands import Caller, Hands
from fhirserver.errors import Issue
from fhirserver.interactions.operating.exports import (
    Export,
    condition,
    in_compartment,
    moment,
    require,
)
from fhirserver.interactions.subsets import Subset, subset
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.queues import add
from fhirserver.search.query import And
from fhirserver.storage import disclosed, epoch, jobs
from fhirserver.storage.database import Connection, Stale
from fhirserver.storage.exports import Reading, gone, stream, supporting
from fhirserver.storage.jobs import File, FileKind, Job, Step
from fhirserver.storage.rows import Version

IDS_AT_ONCE: Final = 5_000
DELETED_AT_ONCE: Final = 20_000
DELETED_IN_BUNDLE: Final = 500
SETTLING: Final = timedelta(seconds=1)

_REFERENCE: Final = re.compile(
    r'"reference": ?"([A-Z][A-Za-z]{2,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[0-9]+)?"'
)
_ALL: Final = And(())
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an export is: reading types, then what was deleted, then what was referred to."""

    step: str = "read"
    at: int = 0
    after: int = 0

    def told(self, types: Sequence[str]) -> Mapping[str, Any]:
        """As JSON, with what the client is told of it: at which type of how many it is."""
        is_reading = self.step == "read" and self.at < len(types)
        return {
            "step": self.step,
            "at": self.at,
            "after": self.after,
            "now": self.at if is_reading else len(types),
            "of": len(types),
            "what": types[self.at] if is_reading else "what is left",
        }


def export_part(hands: Hands, job: Job) -> None:
    """Do the next part of an export; raises FhirError when it can't go on."""
    caller = hands.caller(job)
    export = Export.of(job.asked)
    require(caller.principal, export.types)
    if job.place is None:
        _begin(hands, job, export)
        return
    place = Place(job.place["step"], job.place["at"], job.place["after"])
    _Part(hands, job, export, caller).do(place)


def _begin(hands: Hands, job: Job, export: Export) -> None:
    database = hands.database
    is_settled = jobs.settled(database, job.made)
    with database.transaction() as connection:
        if is_settled:
            jobs.advance(connection, job, Step(Place().told(export.types)))
        else:
            later = clock.now() + SETTLING
            add(connection, job.kind, [jobs.item(job.id, job.part, due=later)])


@dataclass(slots=True)
class _Part:
    """One part under way."""

    hands: Hands
    job: Job
    export: Export
    caller: Caller
    referred: set[Name] = field(default_factory=set)
    owners: set[int] = field(default_factory=set)

    def do(self, place: Place) -> None:
        """Make the next file, or find that there is none left to make."""
        while place.step != "end":
            match place.step:
                case "read":
                    after = self._read(place)
                case "deleted":
                    after = self._deleted(place)
                case _:
                    after = self._referred(place)
            if after is None:
                return
            place = after
        self._end()

    def _read(self, place: Place) -> Place | None:
        """A file of what is there of a type; where to go on when there is nothing."""
        types = self.export.types
        if place.at >= len(types):
            return Place("deleted" if self.export.since is not None else "referred")
        resource_type = types[place.at]
        following = Place("read", place.at + 1)
        if self._is_of_patients and not in_compartment(self.caller.ctx, resource_type):
            return following
        limit = self.caller.ctx.settings.bulk_file_resources
        found = stream(
            self.caller.ctx.store,
            self._reading(resource_type),
            after=place.after,
            limit=limit,
            owners=self.owners,
        )
        first = next(found, None)
        if first is None:
            return following
        counted = _Counted(chain([first], found))
        lines = (self._lines(resource_type, portion) for portion in counted)

        def then(connection: Connection, blob: Blob) -> None:
            reached = replace(place, after=counted.last)
            self._commit(
                connection,
                following if counted.count < limit else reached,
                counted.count,
                [self._file("output", resource_type, blob, counted.count)],
            )

        self.hands.blobs.put(WRITTEN[self.export.format](lines), then=then)
        return None

    def _deleted(self, place: Place) -> Place | None:
        """A file of what was deleted, as transactions that would delete it elsewhere, too."""
        types = self.export.types
        if place.at >= len(types):
            return Place("referred")
        resource_type = types[place.at]
        following = Place("deleted", place.at + 1)
        if self._is_of_patients and not in_compartment(self.caller.ctx, resource_type):
            return following
        wanted = replace(self._reading(resource_type), condition=_ALL)
        found = gone(self.caller.ctx.store, wanted, after=place.after, limit=DELETED_AT_ONCE)
        if not found:
            return following
        bundles = [
            _deletions([f"{resource_type}/{id_}" for _, id_ in found[n : n + DELETED_IN_BUNDLE]])
            for n in range(0, len(found), DELETED_IN_BUNDLE)
        ]
        is_last = len(found) < DELETED_AT_ONCE
        after = following if is_last else replace(place, after=found[-1][0])

        def then(connection: Connection, blob: Blob) -> None:
            file = self._file("deleted", "Bundle", blob, len(bundles))
            self._commit(connection, after, 0, [file])

        self.hands.blobs.put((b"%b\n" % b for b in bundles), then=then)
        return None

    def _referred(self, place: Place) -> Place | None:
        """A file of what the patients' resources refer to, and which is no patient's."""
        if not self._is_of_patients:
            return Place("end")
        names = jobs.referred(self.hands.database, self.job.id, limit=IDS_AT_ONCE)
        if not names:
            return Place("end")
        resource_type = names[0][0]
        wanted = replace(self._reading(resource_type), owners=None, condition=_ALL)
        found = supporting(self.caller.ctx.store, wanted, [id_ for _, id_ in names])
        if not found:
            with self.hands.database.transaction() as connection:
                jobs.looked_at(connection, self.job.id, names)
                self._commit(connection, place, 0, [])
            return None

        def then(connection: Connection, blob: Blob) -> None:
            jobs.looked_at(connection, self.job.id, names)
            file = self._file("output", resource_type, blob, len(found))
            self._commit(connection, place, len(found), [file])

        lines = self._lines(resource_type, found)
        self.hands.blobs.put(WRITTEN[self.export.format]([lines]), then=then)
        return None

    def _end(self) -> None:
        lifetime = self.hands.lifetime_seconds

        def over(connection: Connection) -> None:
            # Whose data can be fetched from now on is on record, or it can't be.
            record(connection, self.caller, self.job)
            if not jobs.end(connection, self.job, "done", lifetime_seconds=lifetime):
                raise Stale

        if not self.export.notes:
            with self.hands.database.transaction() as connection:
                over(connection)
            return
        issues = [Issue("warning", "not-supported", note) for note in self.export.notes]
        text = json.dump(outcome(issues))

        def then(connection: Connection, blob: Blob) -> None:
            file = self._file("error", "OperationOutcome", blob, 1)
            jobs.add_file(connection, self.job.id, file)
            over(connection)

        self.hands.blobs.put([text + b"\n"], then=then)

    def _commit(
        self, connection: Connection, place: Place, count: int, files: Sequence[File]
    ) -> None:
        """The part, its files and its place, if nobody's rights have changed meanwhile."""
        if epoch.current(self.hands.database) != self.caller.epoch:
            raise Stale
        jobs.advance(connection, self.job, Step(place.told(self.export.types), done=count))
        if self.owners:
            disclosed.note(connection, self.job.id, self.owners)
        if self.referred:
            jobs.refer(connection, self.job.id, sorted(self.referred))
        for file in files:
            jobs.add_file(connection, self.job.id, file)

    def _lines(self, resource_type: str, versions: Sequence[Version]) -> list[Line]:
        elements = self.export.elements_of(resource_type)
        if self._is_of_patients:
            self._note_references(versions)
        if elements:
            definitions, wanted = self.caller.ctx.definitions, Subset(elements=elements)
            return [(v, subset(v.content or "{}", wanted, definitions)) for v in versions]
        return [(v, (v.content or "{}").encode()) for v in versions]

    def _note_references(self, versions: Iterable[Version]) -> None:
        types = self._supporting_types
        for version in versions:
            for name in _REFERENCE.findall(version.content or ""):
                if name[0] in types:
                    self.referred.add(name)

    def _reading(self, resource_type: str) -> Reading:
        export = self.export
        return Reading(
            resource_type,
            self.job.made,
            condition(self.caller.ctx, self.caller.principal, export, resource_type),
            export.owners,
            moment(export.since, "_since"),
            moment(export.until, "_until"),
        )

    def _file(self, kind: FileKind, resource_type: str, blob: Blob, count: int) -> File:
        return File(0, kind, resource_type, blob.id, count, blob.size)

    @property
    def _is_of_patients(self) -> bool:
        return self.export.level != "system"

    @property
    def _supporting_types(self) -> frozenset[str]:
        return frozenset(self.export.types) - {"Patient"}


class _Counted:
    """Portions as they go by: how many resources, and the last key."""

    def __init__(self, portions: Iterable[list[Version]]) -> None:
        self._portions = portions
        self.count = 0
        self.last = 0

    def __iter__(self) -> Iterator[list[Version]]:
        for portion in self._portions:
            self.count += len(portion)
            self.last = max([self.last, *(v.key for v in portion)])
            yield portion


def _deletions(addresses: Sequence[str]) -> bytes:
    """https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status"""
    entries = [{"request": {"method": "DELETE", "url": a}} for a in addresses]
    return json.dump({"resourceType": "Bundle", "type": "transaction", "entry": entries})
