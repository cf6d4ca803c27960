from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if importlib.util.find_spec("conformance") is None:
    sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).parent))

from stub_server import Stub, serving  # noqa: E402

from conformance.performance.client import Target  # noqa: E402
from conformance.performance.cpu import Meter  # noqa: E402
from conformance.performance.phases import Load  # noqa: E402


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def target(stub: Stub) -> Iterator[Target]:
    with serving(stub) as target:
        yield target


@pytest.fixture
def load(target: Target) -> Load:
    return Load(target, Meter(), seconds=0.3, warmup_seconds=0, clients=2)
