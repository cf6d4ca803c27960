"""An import, part by part: first the files are taken in, then their lines are stored.

What is stored and the note that it is are one transaction, so a part that is done again stores
nothing twice. Lines that lack something are tried again at the end, as long as that helps; what is
left then goes into an error file.
https://github.com/smart-on-fhir/bulk-import
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, Literal
from uuid import UUID

from fhirserver import ids
from fhirserver.blobs import Blob, Blobs
from fhirserver.bulk.fetching import CannotFetch, fetched
from fhirserver.bulk.hands import FETCHES_AT_ONCE, Caller, Hands
from fhirserver.bulk.lines import Line, lines_from, one_line
from fhirserver.bulk.spreading import BATCH, spread
from fhirserver.bulk.storing import Input, Late, Stored, Turn, store, told
from fhirserver.errors import Issue
from fhirserver.processes import in_process
from fhirserver.storage import imports, jobs
from fhirserver.storage.database import Connection, Stale
from fhirserver.storage.imports import Refused
from fhirserver.storage.jobs import File, Job, Step

# A part, at most: what is done again of it after a crash is what wasn't noted as stored.
LINES: Final = 20_000
MOST_SECONDS: Final = 20.0
AGAIN: Final = 500
# Less is stored before other processes have started.
WORTH_WHILE_BYTES: Final = 4_000_000

_Step = Literal["fetch", "lines", "again", "errors", "end"]


@dataclass(frozen=True, slots=True)
class Taken:
    """How far a file is: where its next line begins, and how many resources it has given."""

    url: str
    type: str | None
    blob: str | None = None
    size: int = 0
    start: int = 0
    line: int = 1
    stored: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "url": self.url, "type": self.type, "blob": self.blob, "size": self.size,
            "start": self.start, "line": self.line, "stored": self.stored,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where an import is. `round` counts the attempts at lines that wait, `helped` those stored."""

    inputs: tuple[Taken, ...]
    step: _Step = "fetch"
    at: int = 0
    round: int = 1
    helped: int = 0

    @staticmethod
    def of(job: Job) -> Place:
        """Where a job is, or begins."""
        if job.place is None:
            return Place(tuple(Taken(**i) for i in job.asked["inputs"]))
        held = job.place
        inputs = tuple(Taken(**i) for i in held["inputs"])
        return Place(inputs, held["step"], held["at"], held["round"], held["helped"])

    def told(self) -> Mapping[str, Any]:
        """As JSON, with what the client is told of it."""
        of = len(self.inputs)
        what = {"fetch": "fetching file", "lines": "file"}.get(self.step, "what was refused")
        return {
            "inputs": [i.as_json() for i in self.inputs],
            "step": self.step,
            "at": self.at,
            "round": self.round,
            "helped": self.helped,
            "what": what,
            "now": min(self.at + 1, of),
            "of": of,
        }

    def with_input(self, taken: Taken) -> Place:
        """With other news of the file that it is at."""
        return replace(self, inputs=(*self.inputs[: self.at], taken, *self.inputs[self.at + 1 :]))

    def following(self, step: _Step, then: _Step) -> Place:
        """At the next file in the same step, or at the beginning of another one."""
        if self.at + 1 < len(self.inputs):
            return replace(self, step=step, at=self.at + 1)
        return replace(self, step=then, at=0)


def import_part(hands: Hands, job: Job) -> None:
    """Do the next part of an import; raises FhirError when it can't go on."""
    part = _Part(hands, job, hands.caller(job))
    place = Place.of(job)
    try:
        match place.step:
            case "fetch":
                part.fetch(place)
            case "lines":
                part.lines(place)
            case "again":
                part.again(place)
            case _:
                part.errors(place)
    except Late as error:
        raise Stale from error


@dataclass(slots=True)
class _Part:
    """One part under way."""

    hands: Hands
    job: Job
    caller: Caller
    refused: list[Refused] = field(default_factory=list)

    def fetch(self, place: Place) -> None:
        """Take some files in, so that their lines stay what they are."""
        some = range(place.at, min(place.at + FETCHES_AT_ONCE, len(place.inputs)))
        running = [self.hands.threads.submit(self._fetched, place, number) for number in some]
        wait(running)
        taken = [one.result() for one in running]
        after = replace(
            place, inputs=(*place.inputs[: some.start], *taken, *place.inputs[some.stop :])
        )
        is_last = some.stop == len(place.inputs)
        after = replace(after, step="lines", at=0) if is_last else replace(after, at=some.stop)
        with self.hands.database.transaction() as connection:
            self._advance(connection, after)

    def _fetched(self, place: Place, number: int) -> Taken:
        taken = place.inputs[number]

        def then(connection: Connection, blob: Blob) -> None:
            file = File(0, "input", "NDJSON", blob.id, 0, blob.size)
            jobs.add_file(connection, self.job.id, file)

        try:
            blob = self.hands.blobs.put(fetched(self.caller, taken.url), then=then)
        except CannotFetch as error:
            issue = Issue("error", "not-found", str(error))
            self.refused.append(Refused(number, 0, 0, 0, False, told(taken.url, [issue])))
            return taken
        return replace(taken, blob=str(blob.id), size=blob.size)

    def lines(self, place: Place) -> None:
        """Store the next lines, be they in one file or in several."""
        reading = _Reading(self.hands.blobs, place, time.monotonic() + MOST_SECONDS)
        turn = self._turn()
        before = imports.stored(self.hands.database, self.job.id)
        counts = Counter(number for number, _ in before)
        left = (
            (source, line)
            for source, line in reading.lines()
            if (source.number, line.number) not in before
            and (line.text is None or line.text.strip())
        )
        for done in self._stored(turn, place, left):
            counts.update(done.counts)
            self.refused += done.refused
        reached = reading.reached
        inputs = tuple(
            replace(taken, stored=taken.stored + counts[number])
            for number, taken in enumerate(reached.inputs)
        )
        with self.hands.database.transaction() as connection:
            self._advance(connection, replace(reached, inputs=inputs))

    def _stored(
        self, turn: Turn, place: Place, found: Iterator[tuple[Input, Line]]
    ) -> Iterator[Stored]:
        """By several processes, or here, when it isn't worth while to start them."""
        engine = self.hands.engine
        left = sum(taken.size - taken.start for taken in place.inputs[place.at :])
        if left < WORTH_WHILE_BYTES or engine.again is None:
            while some := list(islice(found, BATCH)):
                yield store(engine, turn, some)
            return
        with self.hands.helpers.at_work() as executor:
            yield from spread(
                self.hands.helpers.count,
                found,
                lambda batch: executor.submit(in_process, store, turn, batch),
            )

    def _turn(self) -> Turn:
        holder = UUID(ids.new())
        if not jobs.hold(self.hands.database, self.job, holder):
            raise Stale
        return Turn(replace(self.job, asked={}, place=None), holder)

    def again(self, place: Place) -> None:
        """Try some lines again that lacked something, round after round while that helps."""
        database = self.hands.database
        found = imports.waiting(database, self.job.id, before=place.round, limit=AGAIN)
        if not found:
            goes_on = place.helped > 0
            after = replace(
                place, step="again" if goes_on else "errors", at=0, helped=0, round=place.round + 1
            )
            with database.transaction() as connection:
                self._advance(connection, after)
            return
        place = replace(place, at=found[0].input)
        taken = place.inputs[place.at]
        turn = self._turn()
        before = {n for _, n in imports.stored(database, self.job.id)}
        assert taken.blob is not None
        source, blob = Input(place.at, taken.url, taken.type), UUID(taken.blob)
        left = [
            (source, one_line(self.hands.blobs, blob, r.line, r.start, r.length))
            for r in found
            if r.line not in before
        ]
        done = store(self.hands.engine, turn, left)
        self.refused += done.refused
        count = sum(done.counts.values()) + len(before)
        refused = {r.line for r in self.refused}
        stored = [r.line for r in found if r.line not in refused]
        after = replace(
            place.with_input(replace(taken, stored=taken.stored + count)),
            helped=place.helped + count,
        )
        with database.transaction() as connection:
            imports.forget_refused(connection, self.job.id, place.at, stored)
            self._advance(connection, after, round_=place.round)

    def errors(self, place: Place) -> None:
        """Write the error file of an input, if there is need for one; after the last it is over."""
        taken = place.inputs[place.at]
        is_last = place.at + 1 == len(place.inputs)
        found = imports.outcomes(self.hands.database, self.job.id, place.at)
        first = next(found, None)
        counted = _Counted()

        def then(connection: Connection, blob: Blob) -> None:
            file = File(
                0, "error", "OperationOutcome", blob.id, counted.count, blob.size, taken.url
            )
            jobs.add_file(connection, self.job.id, file)
            over(connection)

        def over(connection: Connection) -> None:
            if not is_last:
                self._advance(connection, place.following("errors", "end"))
            elif not jobs.end(
                connection, self.job, "done", lifetime_seconds=self.hands.lifetime_seconds
            ):
                raise Stale

        if first is not None:
            self.hands.blobs.put(counted.written(first, found), then=then)
            return
        with self.hands.database.transaction() as connection:
            over(connection)

    def _advance(self, connection: Connection, place: Place, *, round_: int = 0) -> None:
        # What was done is counted with each group that is stored.
        jobs.advance(connection, self.job, Step(place.told()))
        imports.end_part(connection, self.job.id, self.refused, round_)


@dataclass(slots=True)
class _Reading:
    """The lines of a part: from where it begins, until there are enough or it takes too long."""

    blobs: Blobs
    reached: Place
    ends: float

    def lines(self) -> Iterator[tuple[Input, Line]]:
        """Each with its file; `reached` is behind the last one that was given."""
        given = 0
        while self.reached.step == "lines":
            place = self.reached
            taken = place.inputs[place.at]
            source = Input(place.at, taken.url, taken.type)
            for line in self._of(taken):
                if given == LINES or time.monotonic() > self.ends:
                    return
                given += 1
                taken = replace(taken, start=line.end, line=line.number + 1)
                self.reached = place.with_input(taken)
                yield source, line
            self.reached = self.reached.following("lines", "again")

    def _of(self, taken: Taken) -> Iterator[Line]:
        if taken.blob is None or taken.start >= taken.size:
            return iter(())
        return lines_from(self.blobs, UUID(taken.blob), start=taken.start, number=taken.line)


@dataclass(slots=True)
class _Counted:
    """Lines as they are written, and how many there were."""

    count: int = 0

    def written(self, first: Sequence[str], others: Iterator[Sequence[str]]) -> Iterator[bytes]:
        yield self._joined(first)
        for some in others:
            yield self._joined(some)

    def _joined(self, some: Sequence[str]) -> bytes:
        self.count += len(some)
        return "".join(f"{text}\n" for text in some).encode()
