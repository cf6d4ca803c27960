"""What the record knows of a study, a series or an instance, as attributes.

Counts and modalities are those of all that is kept (PS3.4 C.3.4): they are no matter of matching.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhirserver.instances import InstanceRow, SeriesRow, StudyRow

Attributes = dict[str, Any]
COUNTED: Final = frozenset({"00201206", "00201208", "00201209", "00201200", "00201202", "00201204"})
"""Numbers of what belongs to a patient, a study, a series."""


def of_study(row: StudyRow) -> Attributes:
    """Patient and study."""
    return {
        **row.keys,
        "0020000D": _one("UI", row.uid),
        "00080056": _one("CS", "ONLINE"),
        "00080061": {"vr": "CS", "Value": list(row.modalities)},
        "00080062": {"vr": "UI", "Value": list(row.sop_classes)},
        "00201206": _one("IS", row.series),
        "00201208": _one("IS", row.instances),
    }


def of_series(row: SeriesRow) -> Attributes:
    """Patient, study and series."""
    return {
        **of_study(row.study),
        **row.keys,
        "0020000E": _one("UI", row.uid),
        "00080060": _one("CS", row.modality),
        "00201209": _one("IS", row.instances),
    }


def of_instance(row: InstanceRow) -> Attributes:
    """All of them."""
    return {**of_series(row.series), **of_instance_alone(row)}


def of_instance_alone(row: InstanceRow) -> Attributes:
    """Those of the instance."""
    return {
        **row.keys,
        "00080016": _one("UI", row.sop_class),
        "00080018": _one("UI", row.uid),
        "00083002": _one("UI", row.transfer_syntax),
    }


def _one(vr: str, value: Any) -> Mapping[str, Any]:
    return {"vr": vr, "Value": [value]} if value not in (None, "") else {"vr": vr}
