"""STOW-RS of metadata and bulk data: instances are put together from a JSON model and its values.

The first part has the models of all instances; the others the values that they refer to, each
with its Content-Location. PS3.18 8.7.3 and 10.5.2. All of it is held in memory, so it may be
so large only; files have no such limit.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dicom_gateway.datasets import file_head, is_uid
from dicom_gateway.querying.encoding import EXPLICIT, encoded
from dicom_gateway.rendering.syntaxes import NATIVE, USUAL
from dicom_gateway.web.media_types import MediaType, parse_one
from dicom_gateway.web.metadata import JSON
from dicom_gateway.web.multipart import Malformed, parts
from dicom_gateway.web.taking import UNREADABLE, Refused
from fhirserver.errors import FhirError, TooLarge
from fhirserver.instances import Facts
from fhirserver.model import json

MOST_BYTES: Final = 128_000_000
_PIXELS: Final = "7FE00010"
_PIECE: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Built:
    """An instance as a file."""

    pieces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    content: bytes
    transfer_syntax: str | None


def built(read: Callable[[int], bytes], sent: MediaType) -> Iterator[Built | Refused]:
    """The instances of a request. Raises Malformed, TooLarge."""
    models, values = _read(read, sent)
    for model in models:
        try:
            yield _built(model, values)
        except Refused as error:
            yield error
        except (ValueError, TypeError, KeyError, AttributeError, struct.error):
            yield Refused(UNREADABLE)


def _read(
    read: Callable[[int], bytes], sent: MediaType
) -> tuple[list[dict[str, Any]], dict[str, _Value]]:
    held = 0

    def limited(pieces: Iterator[bytes]) -> bytes:
        nonlocal held
        found = bytearray()
        for piece in pieces:
            held += len(piece)
            if held > MOST_BYTES:
                raise TooLarge("metadata with bulk data is too large: send it as application/dicom")
            found += piece
        return bytes(found)

    if not sent.is_multipart:
        return _models(limited(iter(lambda: read(_PIECE), b""))), {}
    models: list[dict[str, Any]] | None = None
    values: dict[str, _Value] = {}
    for part in parts(read, sent.parameters.get("boundary")):
        kind = parse_one(part.headers.get("content-type"))
        content = limited(part.pieces())
        if kind.name in {JSON, "application/json"}:
            models = [*(models or []), *_models(content)]
            continue
        location = part.headers.get("content-location")
        if not location:
            raise Malformed(f"part {part.number + 1} has no Content-Location")
        syntax = kind.transfer_syntax or USUAL.get(kind.name)
        values[location] = _Value(content, syntax)
    if models is None:
        raise Malformed(f"no part is {JSON}")
    return models, values


def _models(text: bytes) -> list[dict[str, Any]]:
    try:
        found = json.parse(text)
    except FhirError as error:
        raise Malformed("the metadata is no JSON") from error
    found = found if isinstance(found, list) else [found]
    if not all(isinstance(m, dict) for m in found):
        raise Malformed("the metadata is an array of objects")
    return found


def _built(model: Mapping[str, Any], values: Mapping[str, _Value]) -> Built:
    plain, pixels = _filled(model, values)
    syntax = _first(model, "00020010") or EXPLICIT
    tail = b""
    if pixels is not None and pixels.transfer_syntax not in {None, *NATIVE}:
        syntax = str(pixels.transfer_syntax)
        tail = encapsulated(pixels.content)
        plain = {tag: e for tag, e in plain.items() if tag < _PIXELS}
    elif syntax not in NATIVE:
        if pixels is not None:
            raise Refused(UNREADABLE)
    else:
        syntax = EXPLICIT
    uids = [_first(model, tag) for tag in ("0020000D", "0020000E", "00080018", "00080016")]
    if not all(is_uid(u) for u in uids) or not is_uid(syntax):
        raise Refused(UNREADABLE)
    facts = Facts(uids[0], uids[1], uids[2], uids[3], syntax, {})
    return Built((file_head(facts), encoded(plain, EXPLICIT, "ISO_IR 192"), tail))


def _filled(
    model: Mapping[str, Any], values: Mapping[str, _Value]
) -> tuple[dict[str, Any], _Value | None]:
    """The model with its bulk data inside, and the value of the pixels if it came apart."""
    made: dict[str, Any] = {}
    pixels = None
    for tag, element in model.items():
        if tag.startswith("0002"):
            continue
        if "BulkDataURI" in element:
            value = values.get(element["BulkDataURI"])
            if value is None:
                raise Refused(UNREADABLE)
            if tag == _PIXELS:
                pixels = value
            inline = base64.b64encode(value.content).decode()
            made[tag] = {"vr": element["vr"], "InlineBinary": inline}
        elif element.get("vr") == "SQ":
            items = [_filled(i, values)[0] for i in element.get("Value") or []]
            made[tag] = {"vr": "SQ", "Value": items}
        else:
            made[tag] = element
    return made, pixels


def encapsulated(frame: bytes) -> bytes:
    """A frame in the one fragment of encapsulated pixels. PS3.5 A.4"""
    frame += b"\0" * (len(frame) % 2)
    head = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    table = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(frame))
    return head + table + item + frame + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _first(model: Mapping[str, Any], tag: str) -> str:
    found = (model.get(tag) or {}).get("Value") or [""]
    return str(found[0])
