"""WADO-RS rendered and thumbnail: pictures to look at. PS3.18 10.4.1.1.3 and 10.4.1.1.4

Of a study or a series one picture is shown, of its middle instance that has pixels; as
multipart/related all of them. Of several frames it is the representative one, else the first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, request

from dicom_gateway.rendering.limits import Undecodable
from dicom_gateway.rendering.pictures_kept import KeptPictures
from dicom_gateway.rendering.reading import source
from dicom_gateway.rendering.studio import NoPixels
from dicom_gateway.web.answering import multipart, single
from dicom_gateway.web.counter import Counter, Done
from dicom_gateway.web.frames import numbers_of
from dicom_gateway.web.levels import Address, named
from dicom_gateway.web.media_types import MediaType, parse
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid, NotAcceptable
from fhirserver.instances import InstanceRow

FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}
THUMBNAIL: Final = 200
MOST_SIDE: Final = 8_192
_MOST_TRIED: Final = 5
_KNOWN: Final = frozenset({"accept", "viewport", "window", "quality", "iccprofile", "annotation"})
_FUNCTIONS: Final = frozenset({"linear", "linear-exact", "sigmoid"})


def add_to(made: Blueprint, counter: Counter, kept: KeptPictures) -> None:
    """Add the addresses."""
    below = ("", "/series/<series>", "/series/<series>/instances/<instance>",
             "/series/<series>/instances/<instance>/frames/<frames>")  # fmt: skip

    for number, path in enumerate(below):

        def rendered(frames: str | None = None, **uids: str) -> Response:
            return _rendered(counter, Address(**uids), frames)

        def thumbnail(frames: str | None = None, **uids: str) -> Response:
            return _thumbnail(counter, kept, Address(**uids), frames)

        place = f"/studies/<study>{path}"
        made.add_url_rule(f"{place}/rendered", f"dicom_rendered_{number}", rendered)
        made.add_url_rule(f"{place}/thumbnail", f"dicom_thumbnail_{number}", thumbnail)


def _rendered(counter: Counter, address: Address, frames: str | None) -> Response:
    def act(principal: Principal) -> Done:
        wanted = wanted_of(request.args)
        accept, name = _format(request.args.get("accept"))
        how = {**wanted, "format": FORMATS[name]}
        study, there = named(counter, principal, address)
        numbers = [None] if frames is None else numbers_of(frames)
        if accept.is_multipart:
            return Done(multipart(name, _parts(counter, there, numbers, how, name)), [study])
        if len(numbers) > 1:
            raise NotAcceptable("several frames are sent as multipart/related")
        return Done(single(_first(counter, there, numbers[0], how), name), [study])

    return counter.serve("rendered", "r", "R", act)


def _thumbnail(
    counter: Counter, kept: KeptPictures, address: Address, frames: str | None
) -> Response:
    def act(principal: Principal) -> Done:
        wanted = wanted_of({k: v for k, v in request.args.items() if k in {"viewport", "accept"}})
        _, name = _format(request.args.get("accept"))
        number = None if frames is None else numbers_of(frames)[0]
        study, there = named(counter, principal, address)
        side = wanted.get("viewport", (THUMBNAIL, THUMBNAIL))
        how = {"viewport": side, "format": FORMATS[name], "enlarge": False, "quality": 80}
        key = f"{FORMATS[name]} {side[0]}x{side[1]} {number or ''}"
        tried = _tried(there)
        picture = None
        for instance in tried:
            picture = kept.find(instance, key)
            if picture is not None:
                break
        if picture is None:
            instance, picture = _made(counter, tried, number, how)
            kept.keep(instance, key, picture)
        response = single(picture, name)
        response.headers["Cache-Control"] = "private, max-age=3600"
        return Done(response, [study])

    return counter.serve("thumbnail", "r", "R", act)


def _tried(there: Sequence[InstanceRow]) -> list[InstanceRow]:
    """Which instances may stand for all: those that say they have pixels, from the middle on."""
    images = [i for i in there if "00280010" in i.keys] or list(there)
    middle = len(images) // 2
    return images[middle : middle + _MOST_TRIED] or images[:1]


def _first(
    counter: Counter, there: Sequence[InstanceRow], number: int | None, how: Mapping[str, Any]
) -> bytes:
    return _made(counter, _tried(there), number, how)[1]


def _made(
    counter: Counter, tried: Sequence[InstanceRow], number: int | None, how: Mapping[str, Any]
) -> tuple[InstanceRow, bytes]:
    """The picture of the first of them that has one. Raises Undecodable."""
    error: Undecodable | None = None
    for instance in tried:
        try:
            return instance, picture(counter, instance, number, how)
        except Undecodable as one:
            error = one
    assert error is not None
    raise error


def picture(
    counter: Counter, instance: InstanceRow, number: int | None, how: Mapping[str, Any]
) -> bytes:
    """A picture of an instance. Raises Undecodable, NoSuchFrame."""
    opened = counter.studio.open(source(counter.instances, instance))
    shown = number if number is not None else min(opened.layout.representative, opened.layout.count)
    return counter.studio.picture(opened, shown, how)


def _parts(
    counter: Counter,
    there: Iterable[InstanceRow],
    numbers: Sequence[int | None],
    how: Mapping[str, Any],
    name: str,
) -> Iterator[tuple[Mapping[str, str], Iterable[bytes]]]:
    for instance in there:
        for number in numbers:
            try:
                content = picture(counter, instance, number, how)
            except NoPixels:
                continue
            yield {"Content-Type": name}, (content,)


def _format(parameter: str | None) -> tuple[MediaType, str]:
    accepted = parse(parameter or request.headers.get("Accept"))
    for accept in accepted:
        for name in FORMATS:
            if accept.includes(name):
                return accept, name
    raise NotAcceptable(f"pictures are sent as {' or '.join(FORMATS)}")


def wanted_of(given: Mapping[str, str]) -> dict[str, Any]:
    """How a picture is wanted. Raises Invalid, naming the parameter."""
    if unknown := sorted(set(given) - _KNOWN):
        raise Invalid(f"{unknown[0][:40]!r} is none of {', '.join(sorted(_KNOWN))}")
    made: dict[str, Any] = {}
    if given.get("annotation"):
        raise Invalid("annotation: nothing is burnt into pictures here")
    if given.get("iccprofile", "no") != "no":
        raise Invalid("iccprofile: pictures have no colour profile here, so it is no")
    if "quality" in given:
        quality = _number("quality", given["quality"])
        if not 1 <= quality <= 100:
            raise Invalid("quality is a number from 1 to 100")
        made["quality"] = int(quality)
    if "window" in given:
        made["window"] = _window(given["window"])
    if "viewport" in given:
        made |= _viewport(given["viewport"])
    return made


def _window(text: str) -> tuple[float, float, str]:
    pieces = [p.strip() for p in text.split(",")]
    if len(pieces) not in {2, 3}:
        raise Invalid("window is centre,width,function")
    function = pieces[2].lower() if len(pieces) == 3 else "linear"
    if function not in _FUNCTIONS:
        raise Invalid("window: the function is linear, linear-exact or sigmoid")
    center, width = (_number("window", p) for p in pieces[:2])
    if (width < 1 and function != "linear-exact") or width <= 0:
        raise Invalid("window: the width is at least 1")
    return center, width, function


def _viewport(text: str) -> dict[str, Any]:
    pieces = [p.strip() for p in text.split(",")]
    if len(pieces) not in {2, 6}:
        raise Invalid("viewport is vw,vh or vw,vh,sx,sy,sw,sh")
    width, height = (_number("viewport", p) for p in pieces[:2])
    if not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        raise Invalid(f"viewport: width and height are from 1 to {MOST_SIDE}")
    made: dict[str, Any] = {"viewport": (int(width), int(height))}
    if len(pieces) == 6:
        x, y, across, down = (_number("viewport", p) if p else None for p in pieces[2:])
        if (x or 0) < 0 or (y or 0) < 0:
            raise Invalid("viewport: sx and sy aren't negative")
        made["region"] = (x or 0.0, y or 0.0, across, down)
    return made


def _number(name: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError as error:
        raise Invalid(f"{name} has numbers with commas between") from error
    if not math.isfinite(found) or abs(found) > 1e9:
        raise Invalid(f"{name}: a number is too large")
    return found
