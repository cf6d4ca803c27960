"""Which senders are known, and when."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hl7v2_gateway.intake import Directory
from hl7v2_gateway.partners import Call
from tests.hl7v2_gateway.v2 import a_sender, member


def test_the_sender_of_a_message_on_record_is_looked_for_again_at_once() -> None:
    endpoints: list[dict[str, Any]] = []
    directory = Directory(lambda _: endpoints)
    assert directory.named("west") is None

    endpoints.append(a_sender("west", member("application", "WEST")))

    found = directory.named("west")
    assert found is not None
    assert found.id == "west"


def test_who_was_entered_after_a_stranger_called_is_known_at_once() -> None:
    endpoints: list[dict[str, Any]] = []
    directory = Directory(lambda _: endpoints)
    call = Call("WEST", "", "127.0.0.1")
    assert directory.who(call) is None

    endpoints.append(a_sender("west", member("application", "WEST")))

    found = directory.who(call)
    assert found is not None
    assert found.id == "west"


def test_strangers_who_call_at_once_are_looked_for_together() -> None:
    looks = []
    all_wait = threading.Barrier(20)

    def endpoints(_: str) -> list[dict[str, Any]]:
        looks.append(time.sleep(0.5))
        return []

    directory = Directory(endpoints)

    def call(_: int) -> None:
        all_wait.wait(60)
        assert directory.who(Call("NOBODY", "", "127.0.0.1")) is None

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(call, range(20)))

    assert len(looks) < 10
