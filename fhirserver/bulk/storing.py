"""Storing the lines of an import, each group in one transaction with the note that it is stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from fhirserver.interactions.independent import commit_each
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.rights import authorize
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.storage.database import in_bulk
from fhirserver.storage.imports import Refused, note_stored
from fhirserver.storage.jobs import Job

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
    wishes: list[Wish] = []
    refused: list[Refused] = []
    for source, line in lines:
        try:
            wishes.append((source, line, _intent(caller, source, line)))
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


def _intent(caller: Caller, source: Input, line: Line) -> Intent:
    """What a line wants: to update the resource of its id, or to create one."""
    if line.text is None:
        raise TooLarge(f"the line is longer than {LONGEST_LINE // 1_000_000} MB")
    resource = json.parse_object(line.text)
    resource_type = resource.get("resourceType")
    if not isinstance(resource_type, str) or not caller.ctx.definitions.is_resource(resource_type):
        raise Invalid("the line is no resource of FHIR R4", expression="resourceType")
    if source.type is not None and resource_type != source.type:
        raise Invalid(f"the file holds {source.type}, but the line is of another type",
                      expression="resourceType")  # fmt: skip
    id_ = resource.get("id")
    way = "create" if id_ is None else "update"
    made = FhirRequest(way, caller.principal, type=resource_type, id=id_, body=resource)
    authorize(made)
    intent = INTENT[way](made)
    # A question mark makes a reference a conditional one: in few lines there is any.
    if b"?" in line.text or b"\\u" in line.text:
        return intent
    return replace(intent, may_link=False)
