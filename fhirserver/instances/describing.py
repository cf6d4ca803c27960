"""From the facts of an instance to the rows of its study, its series and itself."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from fhirserver.instances import promoted as p
from fhirserver.instances.facts import Arrival, Facts, Keys
from fhirserver.model import json
from fhirserver.search.hashing import digest
from fhirserver.storage.dicom_folding import date, fold, number, time
from fhirserver.storage.dicom_keeping import NewInstance, NewSeries, NewStudy

_NUL: Final = "\\u0000"


def study(facts: Facts, key: UUID, whose: int) -> NewStudy:
    """The study that an instance belongs to."""
    keys = facts.keys
    alphabetic, ideographic, phonetic = p.names(keys, "00100010")
    return NewStudy(
        uid=facts.study,
        key=key,
        person=whose,
        patient_id=p.first(keys, "00100020"),
        issuer=p.first(keys, "00100021"),
        name=alphabetic,
        ideographic=ideographic,
        phonetic=phonetic,
        birth_date=date(p.first(keys, "00100030")),
        sex=p.first(keys, "00100040"),
        date=date(p.first(keys, "00080020")),
        time=time(p.first(keys, "00080030")),
        accession=p.first(keys, "00080050"),
        study_id=p.first(keys, "00200010"),
        description=fold(p.first(keys, "00081030")),
        referring=p.names(keys, "00080090")[0],
        keys=_text(p.of_level(keys, p.STUDY)),
    )


def series(facts: Facts) -> NewSeries:
    """The series that an instance belongs to."""
    keys = facts.keys
    return NewSeries(
        study=facts.study,
        uid=facts.series,
        series_number=number(p.first(keys, "00200011")),
        modality=p.first(keys, "00080060"),
        description=fold(p.first(keys, "0008103E")),
        body_part=p.first(keys, "00180015"),
        station=p.first(keys, "00081010"),
        step_date=date(p.first(keys, "00400244")),
        step_time=time(p.first(keys, "00400245")),
        keys=_text(p.of_level(keys, p.SERIES)),
    )


def instance(arrival: Arrival, data_key: UUID, sealed_key: bytes) -> NewInstance:
    """The instance itself."""
    facts, upload = arrival.facts, arrival.upload
    return NewInstance(
        study=facts.study,
        series=facts.series,
        data_key=data_key,
        person=person(facts.keys),
        object=upload.id,
        size=upload.size,
        instance_number=number(p.first(facts.keys, "00200013")),
        dataset_at=upload.dataset_at,
        uid=facts.instance,
        sop_class=facts.sop_class,
        transfer_syntax=facts.transfer_syntax,
        sender=arrival.sender,
        source=arrival.source,
        caller=arrival.caller,
        key=sealed_key,
        digest=upload.sha256,
        keys=_text(p.of_instance(facts.keys)),
        metadata=arrival.metadata or b"",
    )


def person(keys: Keys) -> int:
    """A digest of whom an instance is about: another one in the same study is a mistake."""
    return digest(
        "\x1f".join(
            (
                p.first(keys, "00100020"),
                p.first(keys, "00100021"),
                p.names(keys, "00100010")[0],
                date(p.first(keys, "00100030")),
                p.first(keys, "00100040"),
            )
        )
    )


def all_keys(keys: Keys) -> str:
    """The attributes of all levels as JSON."""
    return _text(dict(keys))


def _text(keys: dict[str, Any]) -> str:
    """JSON that PostgreSQL takes: it knows no NUL, and no half characters."""
    try:
        text = json.dump(keys).decode()
    except UnicodeEncodeError:
        return json.dump(_cleaned(keys)).decode()
    return json.dump(_cleaned(keys)).decode() if _NUL in text else text


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case dict():
            return {tag: _cleaned(v) for tag, v in value.items()}
        case list() | tuple():
            return [_cleaned(v) for v in value]
        case _:
            return value
