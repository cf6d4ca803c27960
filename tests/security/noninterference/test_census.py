"""Every interaction and operation is asked by the suite: a new one must have its question."""

from __future__ import annotations

from random import Random

from fhirserver.engine import Engine
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.operation import operations
from tests.security.noninterference.operation_questions import (
    READING,
    WRITING,
    OperationQuestions,
)
from tests.security.noninterference.questions import Questions

TIMES = ["2026-01-01T00:00:00.000Z"]


def test_every_interaction_is_asked() -> None:
    assert Engine, "which has discovered them"
    questions = Questions(Random(1), TIMES)
    asked = {questions.reading().kind for _ in range(600)}
    asked |= {questions.writing().kind for _ in range(300)}

    assert asked | {"operation"} == set(interactions)


def test_every_operation_is_asked() -> None:
    assert READING.keys().isdisjoint(WRITING)
    assert READING.keys() | WRITING.keys() == {o.name for o in operations.values()}


def test_what_changes_something_is_asked_last() -> None:
    changing = {o.name for o in operations.values() if o.affects_state}

    assert changing <= WRITING.keys()


def test_each_question_names_its_operation() -> None:
    made = OperationQuestions(Random(1), Questions(Random(1), TIMES))

    for name in READING | WRITING:
        assert made.named(name).path.endswith(f"${name}")
