"""WADO-RS frames: single frames of an instance. PS3.18 10.4.1.1.6

Uncompressed as application/octet-stream; in the transfer syntax in which they are stored, or in
another one that the decoders and encoders have, as the media type of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from flask import Blueprint, Response, request

from dicom_gateway.rendering.reading import source
from dicom_gateway.rendering.studio import Opened
from dicom_gateway.rendering.syntaxes import (
    ENCODED,
    EXPLICIT,
    JPEG_BASELINE,
    MEDIA_TYPE,
    NATIVE,
    OCTETS,
    USUAL,
    media_type,
)
from dicom_gateway.web.answering import described, multipart, single
from dicom_gateway.web.counter import Counter, Done
from dicom_gateway.web.levels import Address, one
from dicom_gateway.web.media_types import MediaType, parse
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid, NotAcceptable

MOST: Final = 10_000
_LIST: Final = re.compile(r"\d{1,9}(,\d{1,9})*")


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the address."""

    @made.get("/studies/<study>/series/<series>/instances/<instance>/frames/<frames>")
    def dicom_frames(study: str, series: str, instance: str, frames: str) -> Response:
        def act(principal: Principal) -> Done:
            numbers = numbers_of(frames)
            found, row = one(counter, principal, Address(study, series, instance))
            opened = counter.studio.open(source(counter.instances, row))
            return Done(_response(counter, opened, row.transfer_syntax, numbers), [found])

        return counter.serve("frames", "r", "R", act)


def numbers_of(text: str) -> list[int]:
    """The numbers of frames, from 1. Raises Invalid."""
    if not _LIST.fullmatch(text):
        raise Invalid("frames are numbers from 1 on, with commas between")
    numbers = [int(n) for n in text.split(",")]
    if len(numbers) > MOST:
        raise Invalid(f"ask for at most {MOST} frames at once")
    return numbers


def _response(counter: Counter, opened: Opened, kept: str, numbers: list[int]) -> Response:
    accepted = parse(request.args.get("accept") or request.headers.get("Accept"))
    accept, syntax = choose(accepted, kept)
    # What can't be found or decoded shows before the answer begins, in the first frame.
    for number in numbers:
        opened.spans(number)
    first = _frame(counter, opened, kept, syntax, numbers[0])
    name = OCTETS if syntax in NATIVE else media_type(syntax)
    content_type = described(name, EXPLICIT if syntax in NATIVE else syntax)
    if not accept.is_multipart and accept.name not in {"*/*", "multipart/*"}:
        if len(numbers) > 1:
            raise NotAcceptable("several frames are sent as multipart/related")
        return single(first, content_type)
    return multipart(name, _parts(counter, opened, kept, syntax, numbers, content_type, first))


def _parts(
    counter: Counter,
    opened: Opened,
    kept: str,
    syntax: str,
    numbers: list[int],
    content_type: str,
    first: bytes,
) -> Iterator[tuple[Mapping[str, str], Iterable[bytes]]]:
    for place, number in enumerate(numbers):
        frame = first if place == 0 else _frame(counter, opened, kept, syntax, number)
        yield {"Content-Type": content_type, "Content-Length": str(len(frame))}, (frame,)


def choose(accepted: Iterable[MediaType], kept: str) -> tuple[MediaType, str]:
    """The range that is met, and the transfer syntax to send. Raises NotAcceptable."""
    for accept in accepted:
        if (
            not accept.is_multipart
            and accept.name.startswith("multipart")
            and accept.name != "multipart/*"
        ):
            continue
        asked = accept.transfer_syntax
        if asked == "*":
            if accept.includes(media_type(kept)) or accept.includes(OCTETS):
                return accept, kept
        elif asked is not None:
            name = OCTETS if asked in NATIVE else MEDIA_TYPE.get(asked)
            if name is not None and accept.includes(name) and _is_possible(kept, asked):
                return accept, asked
        elif accept.includes(OCTETS):
            return accept, kept if kept in NATIVE else EXPLICIT
        else:
            for name, usual in USUAL.items():
                if accept.includes(name):
                    # The one that it is stored in is as good as the usual one.
                    own = kept if media_type(kept) == name else usual
                    if name == "image/jpeg" and own != kept:
                        own = JPEG_BASELINE
                    if _is_possible(kept, own):
                        return accept, own
    raise NotAcceptable(
        f'frames are sent as multipart/related; type="{OCTETS}", or with transfer-syntax=* as they '
        "are stored"
    )


def _is_possible(kept: str, wanted: str) -> bool:
    return wanted == kept or wanted in ENCODED | {JPEG_BASELINE} or wanted in NATIVE


def _frame(counter: Counter, opened: Opened, kept: str, syntax: str, number: int) -> bytes:
    if syntax == kept and kept not in NATIVE:
        return opened.kept(number)
    if syntax in NATIVE:
        return counter.studio.decoded(opened, number)
    return counter.studio.encoded(opened, number, syntax)
