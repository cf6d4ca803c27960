"""A study as it is kept: its series and their instances, with the attributes of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dicom_gateway.mapping.attributes import Keys, count, text


class Facts(Protocol):
    """What is known of an instance: fhirserver.instances.Facts."""

    @property
    def study(self) -> str: ...

    @property
    def series(self) -> str: ...

    @property
    def instance(self) -> str: ...

    @property
    def sop_class(self) -> str: ...

    @property
    def keys(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Image:
    """An instance of a series."""

    uid: str
    sop_class: str
    keys: Keys = field(hash=False)


@dataclass(frozen=True, slots=True)
class Series:
    """A series: `keys` are those of one of its instances, `count` is how many it has.

    `images` are some or all of them, in their order.
    """

    uid: str
    keys: Keys = field(hash=False)
    count: int
    images: Sequence[Image] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A study: `keys` are those of one of its instances."""

    uid: str
    keys: Keys = field(hash=False)
    series: Sequence[Series] = ()

    @property
    def count(self) -> int:
        """How many instances it has."""
        return sum(one.count for one in self.series)


def grouped(found: Iterable[Facts]) -> Study:
    """The study of these instances, all of which are of one study; there is at least one.

    Its attributes are those of the instance that comes first in its order, so they are the same
    whichever has arrived first.
    """
    by_series: dict[str, list[Image]] = {}
    study = ""
    for one in found:
        study = one.study
        by_series.setdefault(one.series, []).append(Image(one.instance, one.sop_class, one.keys))
    series = [series_of(uid, images) for uid, images in by_series.items()]
    series = sorted(series, key=_series_order)
    return Study(study, series[0].keys, series)


def series_of(uid: str, images: Iterable[Image], number: int | None = None) -> Series:
    """The series of these instances; `number` is how many it has where these are only some."""
    ordered = sorted(images, key=_order)
    return Series(uid, ordered[0].keys, len(ordered) if number is None else number, ordered)


def ordered(study: Study) -> Study:
    """The same with its series in their order."""
    series = sorted(study.series, key=_series_order)
    return Study(study.uid, series[0].keys if series else study.keys, series)


def _order(image: Image) -> tuple[bool, int, str]:
    number = count(image.keys, "00200013")
    return number is None, number or 0, image.uid


def _series_order(series: Series) -> tuple[bool, int, str]:
    """By number; documents without pixels (SR, KO, PR ...) have one like any other."""
    number = count(series.keys, "00200011")
    return number is None, number or 0, text(series.keys, "00080031") + series.uid
