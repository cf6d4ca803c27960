"""The thread that keeps instances for all ends when nobody comes, and is there again for the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from fhirserver.instances import committing
from fhirserver.instances.committing import Committer

SECONDS = 60.0


class Kept:
    """Keeps whatever it is given."""

    def keep_apart(self, arrivals: Sequence[Any]) -> dict[str, str]:
        return {a.upload.id: f"kept {a.upload.id}" for a in arrivals}


def an_arrival(id_: str) -> Any:
    return SimpleNamespace(upload=SimpleNamespace(id=id_))


def keepers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "dicom-keep"]


def wait_until_idle(before: int) -> None:
    end = time.monotonic() + SECONDS
    while len(keepers()) > before:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_ends_when_it_is_idle_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "IDLE_SECONDS", 0.05)
    before, committer = len(keepers()), Committer(Kept())  # type: ignore[arg-type]

    for id_ in ("a", "b"):
        assert committer.keep([an_arrival(id_)]) == [f"kept {id_}"]
        wait_until_idle(before)


def test_nobody_waits_for_a_thread_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "IDLE_SECONDS", 0.0005)
    committer = Committer(Kept())  # type: ignore[arg-type]

    def keep(n: int) -> list[Any]:
        time.sleep(n % 7 / 5_000)
        return list(committer.begin([an_arrival(str(n))]).result(SECONDS))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(keep, range(2_000))) == [[f"kept {n}"] for n in range(2_000)]
