"""C-STORE into an object store that goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dicom_gateway.dimse.conftest import Listen
from tests.dicom_gateway.dimse.peers import an_instance, associate
from tests.peers.object_store import ObjectStore


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    store = ObjectStore()
    store.start()
    yield store
    store.stop()


@pytest.mark.parametrize("size", [10_000, 12_000_000], ids=["one request", "in parts"])
def test_success_is_said_when_the_store_has_it_and_else_a_failure_to_try_again(
    listen: Listen, sender: str, store: ObjectStore, size: int
) -> None:
    listening = listen(**store.settings())
    first, second = an_instance(size=size), an_instance(size=size)
    association = associate(listening.port, sender)

    stored = association.send_c_store(first)
    assert stored.Status == 0x0000
    kept = listening.instances.instance(first.SOPInstanceUID)
    assert kept is not None
    assert any(name.endswith(kept.object.hex) for name in store.names())
    assert listening.instances.check(kept) == "whole"

    store.stop()
    refused = association.send_c_store(second)
    assert refused.Status == 0xA700
    assert listening.instances.instance(second.SOPInstanceUID) is None

    store.start()
    again = association.send_c_store(second)
    association.release()
    assert again.Status == 0x0000
    kept = listening.instances.instance(second.SOPInstanceUID)
    assert kept is not None
    assert listening.instances.check(kept) == "whole"
    assert len(store.names()) == 1
    assert store.uploads() == []
