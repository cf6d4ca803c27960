"""QIDO-RS: studies, series and instances that match. PS3.18 10.6

C-FIND asks in the same way (`querying/`): of what is found the caller gets what they may read, and
goes on with `offset` as if the rest weren't there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, Literal

from flask import Blueprint, Response, request

from dicom_gateway.matching import How
from dicom_gateway.matching.items import NO_KEYS
from dicom_gateway.querying.questions import Question, series, single, studies
from dicom_gateway.web.attributes import TOLD
from dicom_gateway.web.counter import Counter, Done, checked
from dicom_gateway.web.metadata import JSON, check_accepts_json
from dicom_gateway.web.parameters import Query, query
from dicom_gateway.web.telling import Row, Telling
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid
from fhirserver.instances import StudyRow
from fhirserver.model import json

Level = Literal["study", "series", "instance"]
_MOST_RECORDED: Final = 100
"""Studies that one search names in the record of accesses."""


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the addresses."""
    addresses: dict[str, Level] = {
        "/studies": "study",
        "/series": "series",
        "/instances": "instance",
        "/studies/<study>/series": "series",
        "/studies/<study>/instances": "instance",
        "/studies/<study>/series/<series>/instances": "instance",
    }
    for place, level in addresses.items():
        made.add_url_rule(
            place,
            f"dicom_search_{place.count('<')}_{level}",
            _search(counter, level),
            methods=["GET"],
        )


def _search(counter: Counter, level: Level) -> Callable[..., Response]:
    def search(study: str | None = None, series: str | None = None) -> Response:
        def act(principal: Principal) -> Done:
            check_accepts_json()
            asked = query(request.args.items(multi=True))
            question = _question(level, asked)
            if study is not None:
                question = _below(question, "studies", counter.study(principal, study).uid)
            if series is not None:
                question = _below(question, "series", checked(series))
            return _answer(counter, level, asked, _rows(counter, principal, level, question))

        return counter.serve("search", "s", "E", act, "dicom-query")

    return search


def _question(level: Level, asked: Query) -> Question:
    """What is looked for; counts and addresses are told, but not searched for. Raises Invalid."""
    if unasked := sorted(t for t, e in asked.keys.items() if t in NO_KEYS and "Value" in e):
        raise Invalid(f"{unasked[0]} is no attribute to search for")
    try:
        made = Question.of(level, asked.keys, How(is_combined=True, is_fuzzy=asked.is_fuzzy))
    except ValueError as error:
        raise Invalid(
            "a value of the query can't be read: a date is YYYYMMDD, a time HHMMSS, a range has "
            "a - between"
        ) from error
    # One more than is told, to know whether there are more.
    return replace(made, most=asked.offset + asked.limit + 1)


def _below(question: Question, name: Literal["studies", "series"], uid: str) -> Question:
    """The same question about what the address names."""
    listed: Sequence[str] = getattr(question.wanted, name)
    uids = [uid] if not listed or uid in listed else [""]
    made = replace(question.wanted, studies=uids) if name == "studies" else replace(
        question.wanted, series=uids
    )  # fmt: skip
    return replace(question, wanted=made)


def _rows(
    counter: Counter, principal: Principal, level: Level, question: Question
) -> Iterator[Row]:
    visible = counter.visible(principal)
    match level:
        case "study":
            yield from studies(counter.instances, question, visible)
        case "series":
            yield from series(counter.instances, question, visible)
        case _:
            yield from single(counter.instances, question, visible)


def _answer(counter: Counter, level: Level, asked: Query, rows: Iterator[Row]) -> Done:
    page = list(islice(rows, asked.offset, asked.offset + asked.limit + 1))
    found = page[: asked.limit]
    wanted = None if asked.is_all else sorted({*TOLD[level], *asked.included, *asked.keys})
    telling = Telling(counter.base, wanted)
    response = Response(json.dump([telling.of(row) for row in found]), content_type=JSON)
    if len(page) > len(found):
        response.headers["Warning"] = (
            f'299 {counter.base}: "There are more results: ask for those from '
            f'offset={asked.offset + len(found)} on"'
        )
    named = {study.number: study for study in map(_study_of, found)}
    return Done(response, list(named.values())[:_MOST_RECORDED])


def _study_of(row: Row) -> StudyRow:
    return row if isinstance(row, StudyRow) else row.study
