"""Codes that nobody knows are asked for, and what was answered is used from then on.

A code that no table translates becomes a Task, in the transaction of the first message that has it.
An answer becomes an entry of the sender's ConceptMap, and messages that had the code are converted
again, with all later ones about the same patients behind them. Each step may be repeated.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest, Hand
from fhirserver.messages import Messages
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from hl7v2_gateway.er7 import Message
from hl7v2_gateway.mapping.context import Answers, UnknownCode
from hl7v2_gateway.operating.code_maps import answers_of, empty, id_of, sender_of, with_answer
from hl7v2_gateway.operating.conversions import Combine, Extended, Made
from hl7v2_gateway.operating.mapped import made_of
from hl7v2_gateway.operating.overlays import Overlays
from hl7v2_gateway.operating.questions import Answer, Question, task_of
from hl7v2_gateway.partners import Sender

log = logging.getLogger(__name__)

OURS: Final = Principal("hl7v2:answers", scopes("system/*.cruds"))
FRESH_SECONDS: Final = 5.0
MOST_KNOWN: Final = 20_000
MOST_ASKED: Final = 50
"""How many questions one message may ask: a feed of free text isn't a list of codes."""
LONGEST_CODE: Final = 100


@dataclass(frozen=True, slots=True)
class _Known:
    """The answers for a sender as they were at a time; version 0 when there were none."""

    version: int
    answers: Answers
    read: float


class Answering:
    """Converts messages with what was answered for their senders.

    `asks` is False where nothing is to be written: a look at what would change.
    """

    def __init__(self, engine: Engine, messages: Messages, *, asks: bool = True) -> None:
        self._engine = engine
        self._messages = messages
        self._asks = asks
        self._known: dict[str, _Known] = {}
        self._asked: set[str] = set()
        self._overlays = Overlays(engine)

    def __call__(self, message: Message, sender: Sender, number: int) -> Made:
        """What the tables and the answers make of a message. Raises NotConverted."""
        known = self._of(sender.id)
        overlays = self._overlays.of(sender) if sender.overlays else ()
        made = made_of(message, sender, number, known.answers, overlays)
        if made.unknown or made.is_answered:
            # Only now it matters whether somebody has answered a moment ago.
            fresh = self._of(sender.id, is_fresh=True)
            if fresh.version != known.version:
                known = fresh
                made = made_of(message, sender, number, known.answers, overlays)
        report = {**(made.report or {}), **({"answers": known.version} if known.version else {})}
        if overlays:
            report["overlays"] = [{"name": o.name, "version": o.version} for o in overlays]
        made = replace(made, report=report)
        return self._with_questions(made, sender) if self._asks and made.unknown else made

    def _of(self, sender: str, *, is_fresh: bool = False) -> _Known:
        known = self._known.get(sender)
        now = time.monotonic()
        if known is not None and not is_fresh and now - known.read < FRESH_SECONDS:
            return known
        version = self._messages.version_of("ConceptMap", id_of(sender)) or 0
        if known is not None and known.version == version:
            found = replace(known, read=now)
        elif version == 0:
            found = _Known(0, {}, now)
        else:
            found = self._read(sender, now)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[sender] = found
        return found

    def _read(self, sender: str, now: float) -> _Known:
        concept_map = stored_map(self._engine, sender)
        if concept_map is None:
            return _Known(0, {}, now)
        return _Known(int(concept_map["meta"]["versionId"]), answers_of(concept_map), now)

    def _with_questions(self, made: Made, sender: Sender) -> Made:
        """The same with a Task for each code that nobody was asked for yet."""
        tasks = {t["id"]: t for t in map(task_of, questions(sender.id, made.unknown))}
        new = [id_ for id_ in tasks if id_ not in self._asked]
        if new:
            there = self._messages.ever("Task", new)
            if len(self._asked) >= MOST_KNOWN:
                self._asked.clear()
            self._asked |= there
            new = [id_ for id_ in new if id_ not in there]
        if not new:
            return made
        asking = Extended(made.converted, [_entry(tasks[id_]) for id_ in new])
        return replace(made, converted=asking, combine=_keeping(made.combine))


def questions(sender: str, unknown: Sequence[UnknownCode]) -> list[Question]:
    """What a message asks, each once."""
    found: dict[str, Question] = {}
    for one in unknown:
        code = one.code.strip()
        if not code or len(code) > LONGEST_CODE or not one.vocabulary:
            continue
        asked = Question(sender, one.vocabulary, one.code, one.text, one.position, one.allowed)
        found.setdefault(asked.id, asked)
    return list(found.values())[:MOST_ASKED]


def stored_map(engine: Engine, sender: str) -> Resource | None:
    """The ConceptMap of a sender as it is now."""
    found = looked_up(engine, "ConceptMap", ("_id", id_of(sender)))
    return found[0] if found and sender_of(found[0]) == sender else None


def take_answer(engine: Engine, answer: Answer) -> None:
    """Enter an answer in the ConceptMap of its sender; nothing is written when it is there."""
    sender = answer.question.sender
    before = stored_map(engine, sender)
    if before is not None and with_answer(before, answer) == before:
        return

    def combine(_url: str, _given: Resource, stored: Resource) -> Resource:
        return with_answer(stored, answer)

    given = with_answer(empty(sender), answer)
    entry = {
        "fullUrl": f"urn:fhirserver:hl7v2:{given['id']}",
        "resource": given,
        "request": {"method": "PUT", "url": f"ConceptMap/{given['id']}"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    engine.handle(FhirRequest("bundle", OURS, body=bundle, hand=Hand(combine)))


def catch_up(messages: Messages, concept_map: Resource) -> list[int]:
    """Convert again what was converted without an answer of a ConceptMap; which messages."""
    sender = sender_of(concept_map)
    if sender is None:
        return []
    told: Mapping[tuple[str, str], str] = {
        key: f"{system}|{code}" for key, (code, system, _) in answers_of(concept_map).items()
    }
    version = int(concept_map["meta"]["versionId"])
    found = messages.stale(sender, told, version) if told else []
    again = messages.redo(found) if found else []
    if again:
        log.info("hl7v2_converted_again", extra={"sender": sender, "count": len(again)})
    return again


def _keeping(combine: Combine | None) -> Combine:
    """A Task that somebody else has made meanwhile stays as it is."""

    def keep(full_url: str, given: Resource, stored: Resource) -> Resource:
        if given["resourceType"] == "Task":
            return stored
        return given if combine is None else combine(full_url, given, stored)

    return keep


def _entry(task: Resource) -> Resource:
    """Where a Task stands in the transaction of its message."""
    return {
        "fullUrl": f"urn:uuid:{task['id']}",
        "resource": task,
        "request": {"method": "PUT", "url": f"Task/{task['id']}"},
    }
