"""What QIDO-RS tells of a study, a series or an instance: of the standard, and what is asked for.

A search may find thousands of instances of a few series: what they share is put together once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dicom_gateway.matching import Item
from dicom_gateway.querying.rows import Attributes, of_instance_alone, of_series, of_study
from dicom_gateway.web.levels import Address
from fhirserver.instances import InstanceRow, SeriesRow, StudyRow

Row = StudyRow | SeriesRow | InstanceRow
_RETRIEVE_URL: Final = "00081190"


@dataclass(frozen=True)
class Telling:
    """The answer to one search, at the address of DICOMweb.

    `wanted` are tags, ascending as the answer has them (PS3.18 F.2.2); None is all that is known.
    """

    base: str
    wanted: Sequence[str] | None = None
    _shared: dict[int, tuple[Attributes, str]] = field(default_factory=dict)
    """What instances of a series share, and where they are, by the number of the series."""

    def of(self, row: Row) -> Item:
        """The attributes of a row."""
        model = self._model(row)
        tags = sorted(model) if self.wanted is None else self.wanted
        return {tag: model[tag] for tag in tags if tag in model}

    def _model(self, row: Row) -> Attributes:
        match row:
            case InstanceRow():
                shared, address = self._shared.get(row.series.number) or self._of_series(row.series)
                model = {**shared, **of_instance_alone(row)}
                model[_RETRIEVE_URL] = _address(f"{address}/instances/{row.uid}")
            case SeriesRow():
                model = of_series(row)
                model[_RETRIEVE_URL] = _address(self.base + Address(row.study.uid, row.uid).path)
            case _:
                model = of_study(row)
                model[_RETRIEVE_URL] = _address(self.base + Address(row.uid).path)
        return model

    def _of_series(self, row: SeriesRow) -> tuple[Attributes, str]:
        attributes = of_series(row)
        if self.wanted is not None:
            attributes = {t: attributes[t] for t in self.wanted if t in attributes}
        made = attributes, self.base + Address(row.study.uid, row.uid).path
        self._shared[row.number] = made
        return made


def _address(url: str) -> Item:
    return {"vr": "UR", "Value": [url]}
