"""The DICOM JSON model of a stored instance, as the record keeps it.

The addresses of its bulk data begin with `/studies/`: where DICOMweb is may change, so that is put
before them when they are sent.
"""

from __future__ import annotations

from dicom_gateway.datasets import NeedMore, Unreadable, json_model
from dicom_gateway.rendering.limits import MOST_HEADER_BYTES, Undecodable
from dicom_gateway.rendering.locating import PIXELS, Dataset
from dicom_gateway.rendering.reading import source
from dicom_gateway.rendering.syntaxes import DEFLATED
from fhirserver.instances import InstanceRow, Instances
from fhirserver.model import json


def bulk_uri(study: str, series: str, instance: str) -> str:
    """Below what the large values of an instance lie.

    >>> bulk_uri("1", "2", "3")
    '/studies/1/series/2/instances/3/bulkdata'
    """
    return f"/studies/{study}/series/{series}/instances/{instance}/bulkdata"


def model(instances: Instances, instance: InstanceRow) -> bytes:
    """The model, made of the file: for `Instances.metadata`. Raises Damaged.

    Of a dataset that can't be read to its end it has the attributes that were read on arrival.
    """
    try:
        return _read(instances, instance)
    except (NeedMore, Unreadable, Undecodable):
        return _known(instance)


def _read(instances: Instances, instance: InstanceRow) -> bytes:
    read = source(instances, instance)
    end, is_complete = read.size, True
    if instance.transfer_syntax != DEFLATED:
        _, pixels = Dataset(read.read, read.size, instance.transfer_syntax).values((), PIXELS)
        if pixels is not None:
            # The head of the element tells that there are pixels; the rest isn't needed.
            end, is_complete = min(pixels.value, read.size), False
    if end > MOST_HEADER_BYTES:
        raise Undecodable("too much stands before its pixels")
    place = bulk_uri(instance.study.uid, instance.series.uid, instance.uid)
    return json_model(read.read(0, end), instance.transfer_syntax, place, complete=is_complete)


def _known(instance: InstanceRow) -> bytes:
    uids = {
        "00080016": instance.sop_class,
        "00080018": instance.uid,
        "0020000D": instance.study.uid,
        "0020000E": instance.series.uid,
    }
    known = {
        **instance.study.keys,
        **instance.series.keys,
        **instance.keys,
        **{tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()},
    }
    return json.dump(dict(sorted(known.items())))
