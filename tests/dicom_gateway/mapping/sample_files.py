"""Files that others have made: those of pydicom's wheel, and those of /work/shared where it is."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.data import data_manager

SHARED = Path("/work/shared/data/dicom")
_OWN = Path(data_manager.__file__).parent
_LARGEST = 4_000_000


@dataclass(frozen=True)
class Sample:
    """What is known of an instance, as fhirserver.instances.Facts has it."""

    study: str
    series: str
    instance: str
    sop_class: str
    keys: dict[str, Any]
    name: str = ""


def samples() -> Iterator[Sample]:
    """Every file that has a study, a series and an instance."""
    seen: set[str] = set()
    for root in (_OWN, SHARED):
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if not path.is_file() or path.stat().st_size > _LARGEST or path.name in seen:
                continue
            seen.add(path.name)
            found = sample(path)
            if found is not None:
                yield found


def sample(path: Path) -> Sample | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            return sample_of(dataset, path.name)
        except Exception:
            return None


def sample_of(dataset: pydicom.Dataset, name: str = "") -> Sample | None:
    keys = json.loads(dataset.to_json(suppress_invalid_tags=True))
    uids = [
        str(dataset.get(k, "")).strip()
        for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
    ]
    return Sample(*uids, keys, name) if all(uids) else None
