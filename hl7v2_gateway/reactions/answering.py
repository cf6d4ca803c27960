"""What the integrator answers: an entry of the sender's ConceptMap, and messages done again.

A Task that is completed becomes an entry; a ConceptMap that changed, by that or by hand, has the
messages converted again that lack it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.engine import Engine
from fhirserver.messages import Messages
from fhirserver.reactions import Change, Connection, Item, New, Reaction, Reader, Worker, reactions
from fhirserver.reactions.written import written
from hl7v2_gateway.intake.opening import open_messages
from hl7v2_gateway.operating.answering import catch_up, take_answer
from hl7v2_gateway.operating.code_maps import sender_of
from hl7v2_gateway.operating.questions import answer_of, is_question

TOPIC: Final = "hl7v2.answers"
_TYPES: Final = frozenset({"Task", "ConceptMap"})


@reactions.register("hl7v2.answers")
def reaction(engine: Engine) -> Reaction:
    """Answers, one resource at a time."""
    messages = open_messages(engine.context.settings, engine.context.store.database)

    def act(item: Item) -> None:
        react(engine, messages, item)

    return Reaction(readers=[Reader(TOPIC, chosen)], workers=[Worker(TOPIC, act, threads=1)])


def chosen(connection: Connection, changes: Sequence[Change]) -> list[tuple[str, New]]:
    """What may be an answer."""
    del connection
    return [
        (TOPIC, New(f"{c.type}/{c.key}", {"type": c.type, "key": c.key, "version": c.version}))
        for c in changes
        if c.type in _TYPES
    ]


def react(engine: Engine, messages: Messages, item: Item) -> None:
    """Do what one change asks for."""
    content = item.content
    found = written(engine, content["type"], content["key"], content["version"])
    if found is None or found.resource is None:
        return
    if found.type == "ConceptMap":
        if sender_of(found.resource) is not None:
            catch_up(messages, found.resource)
        return
    if is_question(found.resource) and (answer := answer_of(found.resource)) is not None:
        take_answer(engine, answer)
