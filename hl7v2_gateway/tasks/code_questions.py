"""Every few minutes: how often codes that nobody knows were met, and what was missed of answers.

A message that is converted while an answer is being entered may be written after those that had
the code were looked for. It says by which version of the ConceptMap it was made, so it is found.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app, shared_task

from fhirserver.app import open_database, open_engine
from fhirserver.engine import Engine
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import Messages
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from fhirserver.tasks import SCHEDULE, SETTINGS, Periodic
from hl7v2_gateway.intake.opening import open_messages
from hl7v2_gateway.operating.answering import OURS, catch_up, stored_map
from hl7v2_gateway.operating.questions import KINDS, OPEN, TRANSLATE, question_of, seen

log = logging.getLogger(__name__)


@shared_task(name="hl7v2_questions")
def look_after() -> None:
    settings = current_app.conf[SETTINGS]
    database = open_database(settings)
    try:
        engine = open_engine(settings, database)
        messages = open_messages(settings, database)
        count_questions(engine, messages)
        for standing in messages.senders():
            concept_map = stored_map(engine, standing.sender)
            if concept_map is not None:
                catch_up(messages, concept_map)
    finally:
        database.close()


def count_questions(engine: Engine, messages: Messages) -> int:
    """Let open questions say how often and where their code was met; how many have changed."""
    changed = 0
    for task in looked_up(engine, "Task", ("code", f"{KINDS}|{TRANSLATE}"), ("status", OPEN)):
        question = question_of(task)
        if question is None:
            continue
        held = messages.held(question.sender, question.vocabulary, question.code)
        told = seen(task, held.count, held.newest, held.positions or (question.position,))
        if told != task and _update(engine, told):
            changed += 1
    return changed


def _update(engine: Engine, task: Resource) -> bool:
    """Write a Task; not when somebody was faster, who may have answered it."""
    request = FhirRequest(
        "update",
        OURS,
        type="Task",
        id=task["id"],
        body=task,
        if_match=f'W/"{task["meta"]["versionId"]}"',
        prefer_return="minimal",
    )
    try:
        engine.handle(request)
    except FhirError as error:
        log.info("hl7v2_question_kept", extra={"task": task["id"], "why": type(error).__name__})
        return False
    return True


SCHEDULE.register("hl7v2_questions")(Periodic("hl7v2_questions", timedelta(minutes=5)))
