"""A study of the record, read for its mapping."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicom_gateway.datasets import Unreadable, model
from dicom_gateway.mapping.attributes import Keys
from dicom_gateway.mapping.series import MOST_INSTANCES
from dicom_gateway.mapping.studies import Image, Series, Study, ordered, series_of
from fhirserver.errors import Damaged
from fhirserver.instances import Exact, InstanceRow, Instances, SeriesRow, StudyRow, Wanted

AT_ONCE: Final = 2_000
"""Instances of a study that are read in one go."""
LARGEST: Final = 64 << 20
"""Bytes of a document that is read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A study as it is kept, and the instance that came first in its order."""

    row: StudyRow
    study: Study
    first: InstanceRow


def found(instances: Instances, uid: str, marked: Sequence[str] = ()) -> Found | None:
    """A study with what its ImagingStudy tells; None when nothing of it is there.

    Of a large series only the first instance is read, and those that are marked.
    """
    row = instances.study(uid)
    if row is None or not row.instances:
        return None
    series = instances.series(Wanted(studies=[uid]))
    by_series = dict(_instances(instances, row, series, marked))
    made = [
        _series(one, by_series[one.uid], is_whole=len(by_series[one.uid]) >= one.instances)
        for one in series
        if by_series.get(one.uid)
    ]
    if not made:
        return None
    study = ordered(Study(uid, {}, made))
    first = min(
        (i for rows in by_series.values() for i in rows),
        key=lambda i: (i.series.uid != study.series[0].uid, i.uid != study.series[0].images[0].uid),
    )
    return Found(row, Study(uid, study.series[0].keys, study.series), first)


def _instances(
    instances: Instances, row: StudyRow, series: Sequence[SeriesRow], marked: Sequence[str]
) -> Iterator[tuple[str, list[InstanceRow]]]:
    if row.instances <= AT_ONCE:
        by_series: dict[str, list[InstanceRow]] = {}
        for one in instances.instances(Wanted(studies=[row.uid])):
            by_series.setdefault(one.series.uid, []).append(one)
        yield from by_series.items()
        return
    some = instances.instances_named(marked) if marked else {}
    for each in series:
        limit = None if each.instances <= MOST_INSTANCES else 1
        found = instances.instances(Wanted(studies=[row.uid], series=[each.uid], limit=limit))
        known = {i.uid for i in found}
        found += [i for i in some.values() if i.series.uid == each.uid and i.uid not in known]
        yield each.uid, found


def _series(row: SeriesRow, rows: Sequence[InstanceRow], *, is_whole: bool) -> Series:
    images = [Image(i.uid, i.sop_class, keys_of(i)) for i in rows]
    return series_of(row.uid, images, None if is_whole else row.instances)


def keys_of(row: InstanceRow) -> Keys:
    """The attributes of all levels of an instance.

    Those of study and series are what their first instance has told.
    """
    return {**row.study.keys, **row.series.keys, **row.keys}


def documents(instances: Instances, row: StudyRow, classes: Sequence[str]) -> list[InstanceRow]:
    """The instances of a study that are of these SOP classes, in their order."""
    wanted = [c for c in row.sop_classes if c in classes]
    if not wanted:
        return []
    return instances.instances(
        Wanted(studies=[row.uid], keys={"SOPClassUID": Exact(tuple(wanted))})
    )


def whole(instances: Instances, row: InstanceRow) -> dict[str, Any] | None:
    """All attributes of an instance; None for one that is too large, damaged or unreadable."""
    if row.size > LARGEST:
        return None
    try:
        data = b"".join(instances.read(row, row.dataset_at))
        return dict(model(data, row.transfer_syntax, exact=True))
    except (Damaged, Unreadable):
        return None


def own_keys(instances: Instances, row: InstanceRow) -> Keys | None:
    """What an instance itself says of its patient and study, read from its file."""
    head = min(row.size, row.dataset_at + (1 << 20))
    try:
        data = b"".join(instances.read(row, row.dataset_at, head))
        return dict(model(data, row.transfer_syntax, "", complete=False))
    except (Damaged, Unreadable):
        return whole(instances, row)


def encapsulated(document: Keys) -> bytes:
    """The bytes of an encapsulated document, without what pads them to an even number."""
    told = document.get("00420011", {}).get("InlineBinary", "")
    content = base64.b64decode(told) if isinstance(told, str) else b""
    length = next(iter(document.get("00420015", {}).get("Value") or ()), None)
    if isinstance(length, int) and 0 < length <= len(content):
        return content[:length]
    return content
