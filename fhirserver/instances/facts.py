"""What the record is told of an instance: what stands in its dataset, and how it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fhirserver.instances.upload import Upload

Keys = Mapping[str, Any]
"""Attributes by tag, as the DICOM JSON model has them (PS3.18, section F.2)."""

Source = Literal["dimse", "stow", "file"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the dataset of an instance says, without its pixels.

    The first three are UIDs; `keys` are the attributes that queries, worklists and FHIR ask for,
    of all levels in one mapping.
    """

    study: str
    series: str
    instance: str
    sop_class: str
    transfer_syntax: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Arrival:
    """An instance that has come, in a closed upload.

    `sender` is the id of an Endpoint, `caller` the AE title or client that it came from, `metadata`
    the DICOM JSON model of its dataset, None when it is to be made later.
    """

    upload: Upload
    facts: Facts
    sender: str = ""
    source: Source = "dimse"
    caller: str = ""
    metadata: bytes | None = None


State = Literal["new", "same", "conflict"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an arrival.

    `same`: the same dataset was there, nothing is kept twice. `conflict`: the instance was there
    with another dataset; that one stays the visible one, and both are kept. `instance_key` is the
    number of the instance that is visible.
    """

    instance_key: int
    state: State
