"""Codes that nobody knows: which there are, how often and where they were met, what they mean."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, Invalid, NotFound, Unprocessable
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from fhirserver.web.administration.admission import Answer as Answered
from fhirserver.web.administration.admission import Body, refuse_unknown, text_of
from hl7v2_gateway.operating.answering import OURS
from hl7v2_gateway.operating.questions import (
    CLOSED,
    KINDS,
    OPEN,
    TRANSLATE,
    Answer,
    answer_of,
    answered,
    is_question,
    problem_of,
    question_of,
)
from hl7v2_gateway.web.operator import Operator

_STATES: Final = {"open": OPEN,
                  "answered": "completed", "closed": "rejected,cancelled,failed"}  # fmt: skip


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the addresses."""

    @made.get("/codes")
    def codes() -> Response:
        def act(_principal: Principal, _body: Body) -> Answered:
            return {"codes": _listed(operator, request.args.to_dict())}, 200

        return operator.serve("hl7v2-codes", act)

    @made.post("/codes/<question>/answer")
    def answer(question: str) -> Response:
        def act(_principal: Principal, body: Body) -> Answered:
            return _answer(operator, question, body), 200

        return operator.serve("hl7v2-answer", act, about="hl7v2:question")


def _listed(operator: Operator, given: dict[str, str]) -> list[dict[str, Any]]:
    state = given.get("state", "open")
    if state not in _STATES:
        raise Invalid(f"state is none of {', '.join(_STATES)}")
    found = looked_up(
        operator.desk.engine, "Task", ("code", f"{KINDS}|{TRANSLATE}"), ("status", _STATES[state])
    )
    listed = [_shape(operator, task) for task in found]
    wanted = given.get("sender")
    kept = [one for one in listed if one and (not wanted or one["sender"] == wanted)]
    return sorted(kept, key=lambda one: (-one["count"], one["sender"], one["code"]))


def _shape(operator: Operator, task: Resource) -> dict[str, Any]:
    question = question_of(task)
    if question is None:
        return {}
    held = operator.messages.held(question.sender, question.vocabulary, question.code)
    found: dict[str, Any] = {
        "id": task["id"],
        "status": task["status"],
        "sender": question.sender,
        "vocabulary": question.vocabulary,
        "code": question.code,
        "text": question.text or None,
        "allowed": sorted(question.allowed) if question.allowed else None,
        "count": held.count,
        "positions": list(held.positions) or [question.position],
        "first": held.first and held.first.isoformat(timespec="seconds"),
        "last": held.last and held.last.isoformat(timespec="seconds"),
        "newest": held.newest,
    }
    told = answer_of(task)
    if told is not None:
        found["answer"] = {"system": told.system, "code": told.code, "display": told.display}
    return {k: v for k, v in found.items() if v is not None}


def _answer(operator: Operator, id_: str, body: Body) -> dict[str, Any]:
    """Complete the Task; the worker enters the answer and converts the messages again."""
    refuse_unknown(body, "system", "code", "display")
    engine = operator.desk.engine
    found = looked_up(engine, "Task", ("_id", id_))
    task = found[0] if found and is_question(found[0]) else None
    question = question_of(task) if task else None
    if task is None or question is None:
        raise NotFound("there is no question with this id")
    if task["status"] in CLOSED - {"completed"}:
        raise Conflict("this question was closed without an answer")
    said = Answer(
        question, text_of(body, "system", ""), text_of(body, "code"), text_of(body, "display", "")
    )
    problem = problem_of(said)
    if problem is not None:
        raise Unprocessable(problem)
    engine.handle(
        FhirRequest(
            "update",
            OURS,
            type="Task",
            id=id_,
            body=answered(task, said),
            if_match=f'W/"{task["meta"]["versionId"]}"',
            prefer_return="minimal",
        )
    )
    return {"id": id_, "status": "completed"}
