"""Which studies, series or instances: the keys of a query as SQL, and the rows in order.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.2.2.2.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fhirserver.storage.database import Database
from fhirserver.storage.dicom_folding import date, fold, name, number, plain, time
from fhirserver.storage.dicom_rows import (
    INSTANCE,
    SERIES,
    STUDY,
    InstanceRow,
    SeriesRow,
    StudyRow,
    instances_of,
    series_by_number,
    series_of,
    studies_by_number,
    study_of,
)


@dataclass(frozen=True, slots=True)
class Exact:
    """One of these values; of a date or a time as DICOM writes it."""

    values: tuple[str, ...]

    @classmethod
    def of(cls, *values: str) -> Exact:
        """One of these."""
        return cls(values)


@dataclass(frozen=True, slots=True)
class Like:
    """A text with wildcards: `*` for any characters, `?` for one."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Between:
    """A date or a time from `low` to `high`, both included; None is without an end."""

    low: str | None = None
    high: str | None = None


Match = Exact | Like | Between


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; empty is everything.

    The first three are UIDs, `keys` go by the keywords of COLUMNS, `imaging_studies` and `patients`
    are ids of FHIR resources (None: whatever they are). `is_fuzzy`: of names each word has to be
    the beginning of one of theirs.
    """

    studies: Sequence[str] = ()
    series: Sequence[str] = ()
    instances: Sequence[str] = ()
    keys: Mapping[str, Match] = field(default_factory=dict)
    imaging_studies: Sequence[str] | None = None
    patients: Sequence[str] | None = None
    is_fuzzy: bool = False
    limit: int | None = None
    offset: int = 0


Level = Literal["study", "series", "instance"]
Kind = Literal["code", "text", "name", "date", "time", "number", "list"]

COLUMNS: Final[dict[str, tuple[Level, Kind, str]]] = {
    "PatientID": ("study", "code", "s.patient_id"),
    "IssuerOfPatientID": ("study", "code", "s.issuer"),
    "PatientName": ("study", "name", "s.name s.ideographic s.phonetic"),
    "PatientBirthDate": ("study", "date", "s.birth_date"),
    "PatientSex": ("study", "code", "s.sex"),
    "StudyDate": ("study", "date", "s.date"),
    "StudyTime": ("study", "time", "s.time"),
    "AccessionNumber": ("study", "code", "s.accession"),
    "StudyID": ("study", "code", "s.study_id"),
    "StudyDescription": ("study", "text", "s.description"),
    "ReferringPhysicianName": ("study", "name", "s.referring"),
    "ModalitiesInStudy": ("study", "list", "s.modalities"),
    "SOPClassesInStudy": ("study", "list", "s.sop_classes"),
    "Modality": ("series", "code", "e.modality"),
    "SeriesNumber": ("series", "number", "e.series_number"),
    "SeriesDescription": ("series", "text", "e.description"),
    "BodyPartExamined": ("series", "code", "e.body_part"),
    "StationName": ("series", "code", "e.station"),
    "PerformedProcedureStepStartDate": ("series", "date", "e.step_date"),
    "PerformedProcedureStepStartTime": ("series", "time", "e.step_time"),
    "SOPClassUID": ("instance", "code", "i.sop_class"),
    "InstanceNumber": ("instance", "number", "i.instance_number"),
}
"""What can be matched: at which level, how it is compared, and where it is."""

Part = tuple[str, dict[str, Any]]
_NOTHING: Final[Part] = ("false", {})


def studies(database: Database, wanted: Wanted) -> list[StudyRow]:
    """Studies, the newest first."""
    sql, values = studies_statement(wanted)
    return [study_of(row) for row in database.read(sql, values, prepare=False)]


def studies_statement(wanted: Wanted) -> Part:
    """What finds them, and its values."""
    where, values = _where(wanted, "study")
    return (
        f"SELECT {STUDY} FROM dicom.study s WHERE {where} "
        f"ORDER BY {_ORDER} LIMIT %(limit)s OFFSET %(offset)s",
        values,
    )


def series(database: Database, wanted: Wanted) -> list[SeriesRow]:
    """Series, those of the newest study first, then by their numbers."""
    where, values = _where(wanted, "series")
    rows = database.read(
        f"SELECT {SERIES} FROM dicom.study s JOIN dicom.series e ON e.study = s.number "
        f"WHERE {where} ORDER BY {_newest(wanted)}e.series_number, e.number "
        "LIMIT %(limit)s OFFSET %(offset)s",
        values,
        prepare=False,
    )
    return series_of(rows, studies_by_number(database, {row[1] for row in rows}))


def instances(database: Database, wanted: Wanted) -> list[InstanceRow]:
    """Instances, those of the newest study first, then by the numbers of series and instance."""
    where, values = _where(wanted, "instance")
    rows = database.read(
        f"SELECT {INSTANCE} FROM dicom.study s JOIN dicom.series e ON e.study = s.number "
        "JOIN dicom.instance i ON i.study = s.number AND i.series = e.number "
        f"WHERE {where} ORDER BY {_newest(wanted)}e.series_number, e.number, "
        "i.instance_number, i.number LIMIT %(limit)s OFFSET %(offset)s",
        values,
        prepare=False,
    )
    return instances_of(rows, series_by_number(database, {row[1] for row in rows}))


def _newest(wanted: Wanted) -> str:
    """The order of studies, where there may be several."""
    return "" if len(wanted.studies) == 1 else f"{_ORDER}, "


_ORDER: Final = "s.date DESC, s.time DESC, s.number DESC"
_BELOW: Final[dict[tuple[Level, Level], str]] = {
    ("study", "series"): "EXISTS (SELECT FROM dicom.series e WHERE e.study = s.number AND {})",
    ("study", "instance"): "EXISTS (SELECT FROM dicom.instance i WHERE i.study = s.number AND {})",
    ("series", "instance"): "EXISTS (SELECT FROM dicom.instance i WHERE i.study = s.number "
    "AND i.series = e.number AND {})",
}


def _where(wanted: Wanted, level: Level) -> Part:
    """The conditions; those below the level hold for one that is there, all for the same one."""
    by_level: dict[Level, list[str]] = {"study": [], "series": [], "instance": []}
    values: dict[str, Any] = {"limit": wanted.limit, "offset": wanted.offset}
    lists: tuple[tuple[Level, str, Sequence[str] | None], ...] = (
        ("study", "s.uid", wanted.studies or None),
        ("series", "e.uid", wanted.series or None),
        ("instance", "i.uid", wanted.instances or None),
        ("study", "s.imaging_study", wanted.imaging_studies),
        ("study", "s.patient", wanted.patients),
    )
    for of, column, listed in lists:
        if listed is not None:
            name_ = f"in{len(values)}"
            values[name_] = list(listed)
            by_level[of].append(f"{column} = ANY(%({name_})s::text[])")
    for keyword, match in wanted.keys.items():
        of, kind, columns = COLUMNS[keyword]
        sql, more = _condition(kind, columns.split(), match, f"k{len(values)}", wanted.is_fuzzy)
        values |= more
        by_level[of].append(sql)
    parts = []
    for of, conditions in by_level.items():
        if conditions:
            together = " AND ".join(conditions)
            below = _BELOW.get((level, of))
            parts.append(below.format(together) if below else together)
    return " AND ".join(parts) or "true", values


def _condition(
    kind: Kind, columns: Sequence[str], match: Match, value: str, is_fuzzy: bool
) -> Part:
    match kind, match:
        case "name", _:
            return _of_name(columns, match, value, is_fuzzy)
        case "list", Exact(values):
            return f"{columns[0]} && %({value})s::text[]", {value: list(values)}
        case "list", Like(pattern):
            sql = (
                f"EXISTS (SELECT FROM unnest({columns[0]}) AS l (one) WHERE l.one LIKE %({value})s)"
            )
            return sql, {value: _pattern(pattern)}
        case (("date" | "time"), Between(low, high)):
            return _of_range(kind, columns[0], low, high, value)
        case "time", Exact(values):
            return _of_times(columns[0], values, value)
        case "number", Exact(values):
            numbers = [n for v in values if (n := number(v)) is not None]
            return f"{columns[0]} = ANY(%({value})s::int8[])", {value: numbers}
        case "number", Like(pattern):
            return f"{columns[0]}::text LIKE %({value})s", {value: _pattern(pattern)}
        case _, Exact(values):
            folded = [v for v in map(_FOLD[kind], values) if v]
            return f"{columns[0]} = ANY(%({value})s::text[])", {value: folded}
        case _, Like(pattern):
            return f"{columns[0]} LIKE %({value})s", {value: _pattern(_FOLD[kind](pattern))}
        case _:
            return _NOTHING


_FOLD: Final[Mapping[str, Callable[[str], str]]] = {"code": plain, "text": fold, "date": date}


def _of_range(kind: str, column: str, low: str | None, high: str | None, value: str) -> Part:
    at_least, at_most = low and _LOWEST[kind](low), high and _HIGHEST[kind](high)
    if (low and not at_least) or (high and not at_most):
        return _NOTHING
    parts, values = [f"{column} <> ''"], {}
    if at_least:
        parts.append(f"{column} >= %({value}low)s")
        values[f"{value}low"] = at_least
    if at_most:
        parts.append(f"{column} <= %({value}high)s")
        values[f"{value}high"] = at_most
    return f"({' AND '.join(parts)})", values


def _of_times(column: str, times: Sequence[str], value: str) -> Part:
    """A time is a range: 10 is from 10:00 to before 11:00."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for nr, text in enumerate(times):
        sql, more = _of_range("time", column, text, text, f"{value}t{nr}")
        parts.append(sql)
        values |= more
    return f"({' OR '.join(parts) or 'false'})", values


def _of_name(columns: Sequence[str], match: Match, value: str, is_fuzzy: bool) -> Part:
    """A name; where its groups are told apart by `=`, each is compared with its own."""
    texts = match.values if isinstance(match, Exact) else ()
    if isinstance(match, Like):
        texts = (match.pattern,)
    parts: list[str] = []
    values: dict[str, Any] = {}
    for nr, text in enumerate(texts):
        groups = text.split("=")
        compared = (
            [columns] if len(groups) == 1 else [[column] for column in columns[: len(groups)]]
        )
        both = []
        for at, (group, of) in enumerate(zip(groups, compared, strict=False)):
            if group.strip():
                sql, more = _of_group(
                    of, group, f"{value}n{nr}_{at}", isinstance(match, Like), is_fuzzy
                )
                both.append(sql)
                values |= more
        if both:
            parts.append(f"({' AND '.join(both)})")
    return f"({' OR '.join(parts) or 'false'})", values


def _of_group(columns: Sequence[str], text: str, value: str, is_like: bool, is_fuzzy: bool) -> Part:
    if is_fuzzy:
        words = re.split(r"[\s^*?,]+", fold(text))
        patterns = {f"{value}w{n}": f"% {_pattern(w)}%" for n, w in enumerate(words) if w}
        together = " || ' ' || ".join(columns)
        spaced = f"' ' || translate({together}, '^-', '  ')"
        return f"({' AND '.join(f'{spaced} LIKE %({n})s' for n in patterns) or 'true'})", patterns
    if is_like:
        parts = [f"{column} LIKE %({value})s" for column in columns]
        return f"({' OR '.join(parts)})", {value: _pattern(name(text))}
    parts = [f"{column} = %({value})s" for column in columns]
    return f"({' OR '.join(parts)})", {value: name(text)}


def _latest(text: str) -> str:
    """The end of a time that is less precise.

    >>> _latest("10"), _latest("1030")
    ('105959.999999', '103059.999999')
    """
    if not time(text):
        return ""
    whole, _, part = text.replace(":", "").strip().partition(".")
    return f"{whole + '5959'[len(whole) - 2 :] if len(whole) < 6 else whole}.{part:9<6}"


_LOWEST: Final[Mapping[str, Callable[[str], str]]] = {"date": date, "time": time}
_HIGHEST: Final[Mapping[str, Callable[[str], str]]] = {"date": date, "time": _latest}


def _pattern(text: str) -> str:
    r"""A pattern of LIKE.

    >>> _pattern("50%_*?")
    '50\\%\\_%_'
    """
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    return escaped.replace("*", "%").replace("?", "_")
