"""The identifier of a request, read; and what each kind of identifier may not be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dicom_gateway.datasets import NeedMore, Unreadable, model
from dicom_gateway.mapping.worklist import Reader
from dicom_gateway.matching import Item
from dicom_gateway.partners import Peer
from fhirserver.settings import Settings


class BadIdentifier(ValueError):
    """An identifier that can't be a question here; the text tells nothing of what it holds.

    `tag` is the attribute that is wrong, if it is one.
    """

    def __init__(self, message: str, tag: str | None = None) -> None:
        super().__init__(message)
        self.tag = tag


def identifier(dataset: bytes, transfer_syntax: str) -> Item:
    """The attributes of an identifier. Raises BadIdentifier for bytes that are none."""
    try:
        found: Item = model(dataset, transfer_syntax)
    except (Unreadable, NeedMore) as error:
        raise BadIdentifier("the identifier can't be read") from error
    return found


def charset(keys: Item) -> str:
    """The character set that a request is written in, if it is a single one."""
    values: Sequence[Any] = keys.get("00080005", {}).get("Value") or ()
    return str(values[0]) if len(values) == 1 else ""


def reader_of(peer: Peer, settings: Settings) -> Reader:
    """Who reads a worklist, from their entry; without a zone of theirs that of the site."""
    return Reader(
        ZoneInfo(peer.time_zone or settings.time_zone),
        peer.patient_system,
        peer.accession_system,
        {name: system for name, system in peer.issuers.items() if name},
    )
