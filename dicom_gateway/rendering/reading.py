"""The bytes of instances of the record, as rendering and answers want them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from dicom_gateway.rendering.studio import Source
from fhirserver.instances import InstanceRow, Instances


def source(instances: Instances, instance: InstanceRow) -> Source:
    """The dataset of an instance."""

    def read(start: int, stop: int) -> bytes:
        at = instance.dataset_at
        return b"".join(instances.read(instance, at + start, at + stop))

    return Source(read, instance.size - instance.dataset_at, instance.transfer_syntax)


def opened(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, of which the first has been read: what is damaged shows before the answer
    has begun.
    """
    return chain([next(pieces, b"")], pieces)
