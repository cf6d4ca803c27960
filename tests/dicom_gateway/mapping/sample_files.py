"""Files that others have made: those of pydicom's wheel, and those of /work/shared where it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pydicom.data import data_manager

from dicom_gateway.datasets import NeedMore, Unreadable, facts, model, read_file_head
from fhirserver.instances import Facts

SHARED = Path("/work/shared/data/dicom")
_OWN = Path(data_manager.__file__).parent
_LARGEST = 4_000_000


@cache
def samples() -> dict[Path, Facts]:
    """Every file that has a study, a series and an instance; one that lies there twice once."""
    found: dict[str, tuple[Path, Facts]] = {}
    for root in (_OWN, SHARED):
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.is_file() and path.stat().st_size <= _LARGEST:
                known = _facts(path)
                if known is not None:
                    found.setdefault(known.instance, (path, known))
    return dict(found.values())


def document(path: Path) -> dict[str, Any]:
    """All attributes of a file."""
    dataset, syntax = _dataset(path)
    return dict(model(dataset, syntax))


def _facts(path: Path) -> Facts | None:
    try:
        return facts(*_dataset(path), complete=True)
    except (Unreadable, NeedMore):
        return None


def _dataset(path: Path) -> tuple[bytes, str]:
    data = path.read_bytes()
    meta, at = read_file_head(data)
    return data[at:], meta.transfer_syntax
