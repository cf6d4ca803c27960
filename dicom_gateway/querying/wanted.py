"""The keys of a query as a question to the record: what its columns can narrow down.

The record compares without case; what it finds is compared again, to the letter, by matching/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from dicom_gateway.matching import How, Item
from dicom_gateway.matching.items import is_asked
from dicom_gateway.matching.names import groups
from dicom_gateway.matching.ranges import between
from dicom_gateway.matching.wildcards import has_wildcards
from fhirserver.instances import Between, Exact, Like, Match, Wanted

COLUMN: Final[Mapping[str, str]] = {
    "00100020": "PatientID",
    "00100021": "IssuerOfPatientID",
    "00100010": "PatientName",
    "00100030": "PatientBirthDate",
    "00100040": "PatientSex",
    "00080020": "StudyDate",
    "00080030": "StudyTime",
    "00080050": "AccessionNumber",
    "00200010": "StudyID",
    "00081030": "StudyDescription",
    "00080090": "ReferringPhysicianName",
    "00080061": "ModalitiesInStudy",
    "00080062": "SOPClassesInStudy",
    "00080060": "Modality",
    "00200011": "SeriesNumber",
    "0008103E": "SeriesDescription",
    "00180015": "BodyPartExamined",
    "00081010": "StationName",
    "00400244": "PerformedProcedureStepStartDate",
    "00400245": "PerformedProcedureStepStartTime",
    "00080016": "SOPClassUID",
    "00200013": "InstanceNumber",
}
"""The attributes that the record has a column for."""
UIDS: Final[Mapping[str, str]] = {
    "0020000D": "studies",
    "0020000E": "series",
    "00080018": "instances",
}


def wanted(keys: Item, how: How) -> Wanted:
    """What the record can look for. Raises ValueError for a key that can't be read."""
    uids: dict[str, Sequence[str]] = {}
    matches: dict[str, Match] = {}
    for tag, element in keys.items():
        if not is_asked(element):
            continue
        values = [v for v in element["Value"] if v not in (None, "", {})]
        if tag in UIDS:
            # "*" is no UID, but some ask so for all.
            texts = [str(v).strip(" \0") for v in values]
            if texts != ["*"]:
                uids[UIDS[tag]] = texts
        elif tag in COLUMN:
            match = _match(str(element.get("vr")), values, how)
            if match is not None:
                matches[COLUMN[tag]] = match
    return Wanted(
        studies=uids.get("studies", ()),
        series=uids.get("series", ()),
        instances=uids.get("instances", ()),
        keys=matches,
        is_fuzzy=how.is_fuzzy,
    )


def _match(vr: str, values: Sequence[Any], how: How) -> Match | None:
    """What a column is to be; None where it can't say it."""
    if vr in {"DA", "TM"}:
        return _range(vr, values, how)
    if vr == "PN":
        texts = ["=".join(groups(v)).rstrip("=") for v in values]
    else:
        texts = [str(v).strip(" \0") for v in values]
    wild = [t for t in texts if has_wildcards(t)]
    if not wild or vr in {"UI", "IS", "DS"}:
        return Exact.of(*texts)
    if len(texts) > 1:
        return None
    if set(texts[0]) == {"*"}:
        return None
    # "Doe^*" is met by "Doe" too: names lose the delimiters that end them.
    return Like(texts[0].replace("^*", "*") if vr == "PN" else texts[0])


def _range(vr: str, values: Sequence[Any], how: How) -> Match | None:
    if len(values) != 1:
        raise ValueError("a date or time must be one value or one range")
    asked = between(vr, str(values[0]))
    if vr == "TM":
        # With dates or zones a time alone says too little.
        if how.is_combined or how.zone is not None:
            return None
        return Between(_time(asked.first), _time(asked.last))
    around = timedelta(days=0 if how.zone is None else 1)
    return Between(_day(asked.first, -around), _day(asked.last, around))


def _time(digits: str) -> str:
    return f"{digits[:6]}.{digits[6:]}"


def _day(digits: str, by: timedelta) -> str:
    if not by:
        return digits
    try:
        day = datetime.strptime(digits, "%Y%m%d") + by  # noqa: DTZ007 - a day, of no zone
    except (ValueError, OverflowError):
        return digits
    return day.strftime("%Y%m%d").zfill(8)
