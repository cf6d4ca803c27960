"""A query at a level of the record: what is looked for, and what of it is there for the caller.

    question = Question.of("study", keys, How())
    for attributes in found(instances, question, visible): answered(keys, attributes)

C-FIND and QIDO-RS ask the same way (PS3.4 C.2, C.6; PS3.18 10.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from dicom_gateway.matching import How, Item, matching
from dicom_gateway.matching.items import NO_KEYS, is_asked
from dicom_gateway.querying.rows import COUNTED, Attributes, of_instance, of_series, of_study
from dicom_gateway.querying.visible import Visible
from dicom_gateway.querying.wanted import COLUMN, UIDS, wanted
from fhirserver.instances import InstanceRow, Instances, SeriesRow, StudyRow, Wanted
from fhirserver.instances.promoted import SERIES, STUDY

Level = Literal["patient", "study", "series", "instance"]
Row = TypeVar("Row")

PAGE: Final = 500
LARGEST_PAGE: Final = 5_000
_PATIENT: Final = ("00100020", "00100021", "00100010")
_COMPUTED: Final = frozenset({"00080061", "00080062"})
_PERSONAL: Final = frozenset(t for t in STUDY if t.startswith("0010"))
_OF_LEVEL: Final = {
    "patient": _PERSONAL,
    "study": STUDY | _COMPUTED,
    "series": STUDY | SERIES | _COMPUTED,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: `wanted` of the record, and `meets` of the attributes of what it has.

    `meets` is None where nothing else is asked. `most` is how many are taken, where that is known:
    they come in one page.
    """

    level: Level
    wanted: Wanted
    meets: Callable[[Item], bool] | None
    most: int | None = None

    @classmethod
    def of(cls, level: Level, keys: Item, how: How) -> Question:
        """The question that keys ask. Raises ValueError for keys that can't be read.

        Keys of deeper levels ask whether there is something below that meets them, where the
        record has a column for it; other ones ask nothing.
        """
        compared = {
            tag: element
            for tag, element in keys.items()
            if tag not in COUNTED and tag not in UIDS and _is_of(level, tag)
        }
        is_more = any(is_asked(e) for tag, e in compared.items() if tag not in NO_KEYS)
        return cls(level, wanted(keys, how), matching(compared, how) if is_more else None)


def found(instances: Instances, question: Question, visible: Visible) -> Iterator[Attributes]:
    """The attributes of all that is found and visible, in the record's order, page by page."""
    match question.level:
        case "patient":
            yield from _patients(studies(instances, question, visible))
        case "study":
            yield from map(of_study, studies(instances, question, visible))
        case "series":
            yield from map(of_series, series(instances, question, visible))
        case _:
            yield from map(of_instance, single(instances, question, visible))


def studies(instances: Instances, question: Question, visible: Visible) -> Iterator[StudyRow]:
    """The studies that are found."""
    for page in _pages(question, instances.studies):
        met = _met(question, page, of_study)
        yield from visible.of(met)


def series(instances: Instances, question: Question, visible: Visible) -> Iterator[SeriesRow]:
    """The series that are found."""
    for page in _pages(question, instances.series):
        met = _met(question, page, of_series)
        seen = {s.number for s in visible.of(_studies_of(met))}
        yield from (row for row in met if row.study.number in seen)


def single(instances: Instances, question: Question, visible: Visible) -> Iterator[InstanceRow]:
    """The instances that are found."""
    for page in _pages(question, instances.instances):
        met = _met(question, page, of_instance)
        seen = {s.number for s in visible.of(_studies_of(met))}
        yield from (row for row in met if row.study.number in seen)


def _studies_of(rows: Sequence[SeriesRow] | Sequence[InstanceRow]) -> list[StudyRow]:
    return list({row.study.number: row.study for row in rows}.values())


def _met(question: Question, rows: list[Row], attributes: Callable[[Row], Attributes]) -> list[Row]:
    """Those that meet the question."""
    if question.meets is None:
        return rows
    return [row for row in rows if question.meets(attributes(row))]


def _pages(question: Question, look: Callable[[Wanted], list[Row]]) -> Iterator[list[Row]]:
    offset = question.wanted.offset
    size = PAGE if question.most is None else max(1, min(question.most, LARGEST_PAGE))
    while True:
        page = look(replace(question.wanted, limit=size, offset=offset))
        yield page
        if len(page) < size:
            return
        offset += size
        # Some of them didn't meet the question, or are hidden.
        size = max(size, PAGE)


def _patients(rows: Iterator[StudyRow]) -> Iterator[Attributes]:
    """Each patient once, as their newest study tells them, with how much there is of them."""
    known: dict[tuple[Any, ...], Attributes] = {}
    for row in rows:
        attributes = {t: e for t, e in of_study(row).items() if t in _PERSONAL}
        who = tuple(str(row.keys.get(tag, {}).get("Value")) for tag in _PATIENT)
        told = known.setdefault(who, attributes | _counts(0, 0, 0))
        sums = (told[t]["Value"][0] for t in ("00201200", "00201202", "00201204"))
        one, two, three = sums
        told |= _counts(one + 1, two + row.series, three + row.instances)
    yield from known.values()


def _counts(studies: int, series: int, instances: int) -> Attributes:
    pairs = (("00201200", studies), ("00201202", series), ("00201204", instances))
    return {tag: {"vr": "IS", "Value": [n]} for tag, n in pairs}


def _is_of(level: Level, tag: str) -> bool:
    of = _OF_LEVEL.get(level)
    return of is None or tag in of


def ignores(level: Level, keys: Item) -> bool:
    """Whether a query asks for something that nothing here is compared with (PS3.4 C.4.1.3.1)."""
    return any(
        is_asked(element)
        and tag not in NO_KEYS
        and tag not in UIDS
        and tag not in COLUMN
        and (tag in COUNTED or not _is_of(level, tag))
        for tag, element in keys.items()
    )
