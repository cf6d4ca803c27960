"""C-STORE by real senders."""

from __future__ import annotations

from pathlib import Path

from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.peers import OURS, an_instance, associate, bytes_of, written


def test_what_storescu_sends_is_kept_as_it_came(
    listening: Listening, sender: str, run, tmp_path: Path
) -> None:
    instance = an_instance(size=600_000)
    path = written(instance, tmp_path)

    done = run("storescu", "-aet", sender, "-aec", OURS, "127.0.0.1", listening.port, path)

    assert done.returncode == 0, done.stderr
    kept = listening.instances.instance(instance.SOPInstanceUID)
    assert kept is not None
    assert kept.caller == sender
    stored = b"".join(listening.instances.read(kept))
    assert stored[kept.dataset_at :] == path.read_bytes()[-(len(stored) - kept.dataset_at) :]
    assert listening.instances.check(kept) == "whole"


def test_what_pynetdicom_sends_is_kept(listening: Listening, sender: str) -> None:
    instance = an_instance()

    association = associate(listening.port, sender)
    status = association.send_c_store(instance)
    association.release()

    assert status.Status == 0x0000
    kept = listening.instances.instance(instance.SOPInstanceUID)
    assert kept is not None
    assert b"".join(listening.instances.read(kept, kept.dataset_at)) == bytes_of(instance)
