"""QIDO-RS: studies, series and instances that match. PS3.18 10.6

The record answers what it has in columns, `matching` looks at the rest; of what is found the caller
gets what they may read, and goes on with `offset` as if the rest weren't there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from flask import Blueprint, Response, request

from dicom_gateway.matching import How, matching
from dicom_gateway.matching.ranges import between
from dicom_gateway.web.attributes import COLUMN_OF, TOLD, UIDS
from dicom_gateway.web.counter import Counter, Done, checked
from dicom_gateway.web.levels import Address
from dicom_gateway.web.metadata import JSON, check_accepts_json
from dicom_gateway.web.parameters import Query, query
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid
from fhirserver.instances import (
    Between,
    Exact,
    InstanceRow,
    Like,
    Match,
    SeriesRow,
    StudyRow,
    Wanted,
)
from fhirserver.model import json

Level = Literal["study", "series", "instance"]
Row = StudyRow | SeriesRow | InstanceRow
Model = dict[str, Any]
_PAGE: Final = 1_000
_MOST_LOOKED_AT: Final = 200_000
_AVAILABLE: Final = {"vr": "CS", "Value": ["ONLINE"]}
_WILD: Final = frozenset("*?")


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
            wanted, left = _wanted(asked)
            if study is not None:
                wanted = replace(wanted, studies=[counter.study(principal, study).uid])
            if series is not None:
                wanted = replace(wanted, series=[checked(series)])
            return _answer(counter, principal, level, asked, wanted, left)

        return counter.serve("search", "s", "E", act)

    return search


def _answer(
    counter: Counter,
    principal: Principal,
    level: Level,
    asked: Query,
    wanted: Wanted,
    left: Mapping[str, Any],
) -> Done:
    found: list[tuple[Row, Model]] = []
    is_more, skip = False, asked.offset
    for row, model in _matches(counter, principal, level, wanted, left, is_fuzzy=asked.is_fuzzy):
        if skip:
            skip -= 1
            continue
        if len(found) >= asked.limit:
            is_more = True
            break
        found.append((row, model))
    told = _told(level, asked)
    content = [told(model) for _, model in found]
    response = Response(json.dump(content), content_type=JSON)
    if is_more:
        response.headers["Warning"] = (
            f'299 {counter.base}: "There are more results: ask for those from '
            f'offset={asked.offset + len(found)} on"'
        )
    studies = {_study_of(r).number: _study_of(r) for r, _ in found}
    # A search of thousands isn't a record of each of them.
    return Done(response, list(studies.values())[:100])


def _matches(
    counter: Counter,
    principal: Principal,
    level: Level,
    wanted: Wanted,
    left: Mapping[str, Any],
    *,
    is_fuzzy: bool,
) -> Iterator[tuple[Row, Model]]:
    try:
        meets = matching(left, How(is_combined=True, is_fuzzy=is_fuzzy)) if left else None
    except ValueError as error:
        raise Invalid("a value of the query can't be read: is a date YYYYMMDD?") from error
    offset = 0
    known: dict[int, bool] = {}
    shape = _Shape(counter.base)
    while offset < _MOST_LOOKED_AT:
        rows = _rows(counter, level, replace(wanted, limit=_PAGE, offset=offset))
        new = {s.number: s for s in map(_study_of, rows) if s.number not in known}
        seen = counter.visible(principal, list(new.values())) if new else set()
        known |= {number: number in seen for number in new}
        for row in rows:
            if known[_study_of(row).number]:
                model = shape.model(row)
                if meets is None or meets(model):
                    yield row, model
        if len(rows) < _PAGE:
            return
        offset += _PAGE


def _rows(counter: Counter, level: Level, wanted: Wanted) -> Sequence[Row]:
    match level:
        case "study":
            return counter.instances.studies(wanted)
        case "series":
            return counter.instances.series(wanted)
        case _:
            return counter.instances.instances(wanted)


def _study_of(row: Row) -> StudyRow:
    return row if isinstance(row, StudyRow) else row.study


class _Shape:
    """Rows as DICOM JSON models; those of a study and a series are made once."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._made: dict[tuple[str, int], Model] = {}

    def model(self, row: Row) -> Model:
        """All that is known of a row."""
        match row:
            case StudyRow():
                return self._once(("study", row.number), lambda: self._study(row))
            case SeriesRow():
                return self._once(("series", row.number), lambda: self._series(row))
            case _:
                return self._instance(row)

    def _once(self, key: tuple[str, int], make: Callable[[], Model]) -> Model:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make()
        return found

    def _study(self, row: StudyRow) -> Model:
        return {
            **row.keys,
            "0020000D": _ui(row.uid),
            "00080056": _AVAILABLE,
            "00080061": {"vr": "CS", "Value": list(row.modalities)},
            "00080062": {"vr": "UI", "Value": list(row.sop_classes)},
            "00081190": self._url(Address(row.uid)),
            "00201206": _is(row.series),
            "00201208": _is(row.instances),
        }

    def _series(self, row: SeriesRow) -> Model:
        return {
            **self.model(row.study),
            **row.keys,
            "0020000E": _ui(row.uid),
            "00081190": self._url(Address(row.study.uid, row.uid)),
            "00201209": _is(row.instances),
        }

    def _instance(self, row: InstanceRow) -> Model:
        return {
            **self.model(row.series),
            **row.keys,
            "00080016": _ui(row.sop_class),
            "00080018": _ui(row.uid),
            "00081190": self._url(Address(row.study.uid, row.series.uid, row.uid)),
            "00083002": _ui(row.transfer_syntax),
        }

    def _url(self, address: Address) -> Model:
        return {"vr": "UR", "Value": [self._base + address.path]}


def _told(level: Level, asked: Query) -> Callable[[Model], Model]:
    """What of a model is told: the standard's attributes, those asked for, or all."""
    tags = [*TOLD[level], *asked.included, *asked.keys]
    wanted = sorted(dict.fromkeys(tags))

    def some(model: Model) -> Model:
        return {tag: model[tag] for tag in wanted if tag in model}

    def everything(model: Model) -> Model:
        return dict(sorted(model.items()))

    return everything if asked.is_all else some


def _wanted(asked: Query) -> tuple[Wanted, Mapping[str, Any]]:
    """The keys that the record answers, and those that are left to look at."""
    keys: dict[str, Match] = {}
    uids: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for tag, element in asked.keys.items():
        values = element.get("Value")
        if not values:
            continue
        if tag in UIDS and not any(_WILD & set(v) for v in values):
            uids[UIDS[tag]] = [v for v in values if v]
            continue
        match = _match(element["vr"], values) if tag in COLUMN_OF else None
        if match is None:
            left[tag] = element
        else:
            keys[COLUMN_OF[tag]] = match
    return replace(Wanted(keys=keys, is_fuzzy=asked.is_fuzzy), **uids), left


def _match(vr: str, values: Sequence[Any]) -> Match | None:
    """One value, several, a pattern or a range; None for what only `matching` can do."""
    texts = [str(v["Alphabetic"]) if isinstance(v, Mapping) else str(v) for v in values]
    if vr in {"DA", "TM"}:
        try:
            between(vr, texts[0])
        except ValueError as error:
            raise Invalid("a date is YYYYMMDD, a time HHMMSS, a range has a - between") from error
        if "-" not in texts[0]:
            return Between(texts[0], texts[0])
        low, _, high = texts[0].partition("-")
        return Between(low.strip() or None, high.strip() or None)
    if any(_WILD & set(t) for t in texts):
        return Like(texts[0]) if len(texts) == 1 else None
    return Exact(tuple(texts))


def _ui(uid: str) -> Model:
    return {"vr": "UI", "Value": [uid]}


def _is(number: int) -> Model:
    return {"vr": "IS", "Value": [number]}
