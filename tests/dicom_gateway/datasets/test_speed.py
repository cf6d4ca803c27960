"""The receive path's walk costs a fraction of what a general reader does."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pydicom

from dicom_gateway.datasets import facts, json_model, read_file_head

CT = Path(pydicom.__file__).parent / "data/test_files/CT_small.dcm"


def least(call: Callable[[], object]) -> float:
    """The processor time of the fastest of some calls."""
    times = []
    for _ in range(7):
        began = time.thread_time()
        call()
        times.append(time.thread_time() - began)
    return min(times)


def test_facts_cost_a_fifth_of_pydicoms_reading_at_most() -> None:
    data = CT.read_bytes()
    meta, at = read_file_head(data)
    dataset = data[at:]

    ours = least(lambda: facts(dataset, meta.transfer_syntax))
    its = least(lambda: pydicom.dcmread(io.BytesIO(data)).to_json_dict())

    assert ours * 5 < its


def test_the_json_model_costs_a_third_of_pydicoms_at_most() -> None:
    data = CT.read_bytes()
    meta, at = read_file_head(data)
    dataset = data[at:]

    ours = least(lambda: json_model(dataset, meta.transfer_syntax, "bulk"))
    its = least(lambda: pydicom.dcmread(io.BytesIO(data)).to_json())

    assert ours * 3 < its
