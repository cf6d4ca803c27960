"""Storing the lines of an import, each group in one transaction with the note that it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from typing import Final

from fhirserver.bulk.hands import THREADS, Caller
from fhirserver.bulk.lines import LONGEST_LINE, Line
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
from fhirserver.storage.imports import Refused, note_stored
from fhirserver.storage.jobs import Job

Wish = tuple[Line, Intent]
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


def store(
    caller: Caller, job: Job, source: Input, lines: Sequence[Line], threads: Executor
) -> tuple[int, list[Refused]]:
    """Store each line that can be: how many were, and what became of the others.

    One thread makes index values while PostgreSQL writes for the other; lines about one resource
    are in one thread, in their order. Raises Late, and Unavailable when the database is away.
    """
    shares: list[list[Wish]] = [[] for _ in range(THREADS)]
    refused: list[Refused] = []
    for line in lines:
        try:
            intent = _intent(caller, source, line)
        except FhirError as error:
            refused.append(refusal(source, line, error))
        else:
            about = line.number if intent.id is None else hash((intent.type, intent.id))
            shares[about % THREADS].append((line, intent))
    count = 0
    running = [threads.submit(_stored, caller, job, source, s) for s in shares if s]
    wait(running)
    for one in running:
        done, others = one.result()
        count += done
        refused += others
    return count, refused


def _stored(
    caller: Caller, job: Job, source: Input, taken: Sequence[Wish]
) -> tuple[int, list[Refused]]:
    refused: list[Refused] = []

    def then(part: Sequence[int]) -> None:
        database = caller.ctx.store.database
        if not note_stored(database, job, [taken[n][0].number for n in part]):
            raise Late

    count = 0
    for number, done in commit_each(caller.ctx, [intent for _, intent in taken], then=then):
        if isinstance(done, Unavailable | Throttled):
            raise done
        if isinstance(done, FhirError):
            refused.append(refusal(source, taken[number][0], done))
        else:
            count += 1
    return count, refused


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
    return INTENT[way](made)
