"""Storing the lines of an import, each group in one transaction with the note that it is stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fhirserver.bulk.hands import Caller, caller_of
from fhirserver.bulk.lines import LONGEST_LINE, Line
from fhirserver.engine import Engine
from fhirserver.errors import (
    Conflict,
    FhirError,
    Gone,
    Invalid,
    Issue,
    NotFound,
    Throttled,
    TooLarge,
    Unavailable,
    Unprocessable,
    VersionConflict,
)
from fhirserver.interactions.changes import INTENT
from fhirserver.interactions.checking import refuse
from fhirserver.interactions.independent import commit_each
from fhirserver.interactions.intents import Intent, changed, source_of, writer_of
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.rights import authorize
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.storage.database import in_bulk
from fhirserver.storage.imports import Refused, note_stored
from fhirserver.storage.jobs import Job
from fhirserver.validation import check
from fhirserver.validation.invariants import is_bare

# What another line may supply: what is referred to, a version, the other side of a conflict.
WAITS: Final = (Unprocessable, NotFound, Gone, Conflict, VersionConflict)


class Late(Exception):
    """Somebody else has taken over this part, or nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file of an import: its number, its address, and the only type in it, if there is one."""

    number: int
    url: str
    type: str | None


Wish = tuple[Input, Line, Intent]


@dataclass(frozen=True, slots=True)
class Turn:
    """A part of a job in somebody's hand: see storage/imports.py."""

    job: Job
    holder: UUID


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of some lines: how many of each input are stored, and which are not, and why."""

    counts: Mapping[int, int]
    refused: Sequence[Refused] = ()


def store(engine: Engine, turn: Turn, lines: Sequence[tuple[Input, Line]]) -> Stored:
    """Store each line that can be, with the rights that who asked has now.

    Raises Late, and Unavailable when the database is away.
    """
    with in_bulk():
        return _store(engine, turn, lines)


def _store(engine: Engine, turn: Turn, lines: Sequence[tuple[Input, Line]]) -> Stored:
    caller = caller_of(engine, turn.job)
    wanting = _Wanting(caller)
    wishes: list[Wish] = []
    refused: list[Refused] = []
    for source, line in lines:
        try:
            wishes.append((source, line, wanting.intent(source, line)))
        except FhirError as error:
            refused.append(refusal(source, line, error))

    def then(part: Sequence[int]) -> None:
        noted: dict[int, list[int]] = defaultdict(list)
        for number in part:
            source, line, _ = wishes[number]
            noted[source.number].append(line.number)
        if not note_stored(caller.ctx.store.database, turn.job, turn.holder, noted):
            raise Late

    counts: Counter[int] = Counter()
    for number, done in commit_each(caller.ctx, [intent for *_, intent in wishes], then=then):
        source, line, _ = wishes[number]
        if isinstance(done, Unavailable | Throttled):
            raise done
        if isinstance(done, FhirError):
            refused.append(refusal(source, line, done))
        else:
            counts[source.number] += 1
    return Stored(counts, refused)


def refusal(source: Input, line: Line, error: FhirError) -> Refused:
    """A line that isn't stored, and what is told of it."""
    where = f"{source.url}, line {line.number}"
    waits = isinstance(error, WAITS) and line.text is not None
    return Refused(
        source.number, line.number, line.start, line.length, waits, told(where, error.issues)
    )


def told(where: str, issues: Iterable[Issue]) -> str:
    """An OperationOutcome as a line, that says where the trouble is."""
    made = outcome(issues)
    named = [{**i, "diagnostics": f"{where}: {i['diagnostics']}"} for i in made["issue"]]
    return json.dump({**made, "issue": named}).decode()


class _Wanting:
    """What lines want: to update the resource of their id, or to create one.

    What depends on nothing but the type of a resource is asked once.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._allowed: set[tuple[str, str]] = set()
        asking = FhirRequest("update", caller.principal)
        self._writer, self._source = writer_of(asking), source_of(asking)

    def intent(self, source: Input, line: Line) -> Intent:
        """What a line wants; raises errors.FhirError for one that can't be."""
        if line.text is None:
            raise TooLarge(f"the line is longer than {LONGEST_LINE // 1_000_000} MB")
        resource = json.parse_object(line.text)
        resource_type = resource.get("resourceType")
        if not isinstance(resource_type, str) or not self._is_type(resource_type):
            raise Invalid("the line is no resource of FHIR R4", expression="resourceType")
        if source.type is not None and resource_type != source.type:
            raise Invalid(f"the file holds {source.type}, but the line is of another type",
                          expression="resourceType")  # fmt: skip
        id_ = resource.get("id")
        way = "create" if id_ is None else "update"
        if (way, resource_type) not in self._allowed:
            authorize(FhirRequest(way, self._caller.principal, type=resource_type))
            self._allowed.add((way, resource_type))
        refuse(check(resource, bare=is_bare(line.text)))
        # A question mark makes a reference a conditional one: in few lines there is any.
        may_link = b"?" in line.text or (b"\\" in line.text and b"\\u" in line.text)
        if id_ is None:
            made = FhirRequest(
                way, self._caller.principal, type=resource_type, body=resource, is_checked=True
            )
            return changed(INTENT[way](made), may_link=may_link, wants_content=False)
        return Intent(
            "update",
            resource_type,
            id=id_,
            resource=resource,
            may_link=may_link,
            writer=self._writer,
            source=self._source,
            wants_content=False,
        )

    def _is_type(self, resource_type: str) -> bool:
        return self._caller.ctx.definitions.is_resource(resource_type)
