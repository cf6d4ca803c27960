"""The SMART apps that come with the server, as they were built: what they are, and where they lie.

Each is a folder of `smart_apps/` with an `app.json`; the build puts all of these into `apps.json`.
https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fhirserver import content
from fhirserver.errors import Invalid

LIST: Final = "apps.json"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CLIENT: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
# The addresses beside the apps.
_TAKEN: Final = frozenset({"assets"})


@dataclass(frozen=True, slots=True)
class OwnApp:
    """An app: `name` is its folder, `client_id` and `scope` are what it asks for tokens with.

    `described` is all that its `app.json` says.
    """

    name: str
    title: str
    client_id: str
    scope: str
    described: Mapping[str, Any]


def folder() -> Path | None:
    """Where the built apps lie; None where they aren't built."""
    found = content.folder(content.APPS)
    return found if (found / LIST).is_file() else None


def apps(built: Path) -> tuple[OwnApp, ...]:
    """The apps in a folder that was built, by their order. Raises Invalid for a broken list."""
    try:
        return _apps(content_of(built / LIST))
    except OSError as error:
        raise Invalid(f"{LIST}: this can't be read: build the apps again") from error


def content_of(place: Path) -> bytes:
    """What is in a file of the build: read again only when it is another one. Raises OSError."""
    about = place.stat()
    return _content(place, (about.st_ino, about.st_mtime_ns, about.st_size))


@lru_cache(maxsize=64)
def _content(place: Path, _version: tuple[int, ...]) -> bytes:
    return place.read_bytes()


@lru_cache(maxsize=4)
def _apps(text: bytes) -> tuple[OwnApp, ...]:
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise Invalid(f"{LIST}: this can't be read: build the apps again") from error
    if not isinstance(listed, list):
        raise Invalid(f"{LIST}: this is no list")
    found = [_app(each) for each in listed]
    for key in ("name", "client_id"):
        if len({getattr(a, key) for a in found}) < len(found):
            raise Invalid(f"{LIST}: two apps have the same {key}")
    return tuple(sorted(found, key=lambda a: (_order(a), a.name)))


def _app(described: object) -> OwnApp:
    if not isinstance(described, dict):
        raise Invalid(f"{LIST}: an app is an object")
    name, client_id, scope = (str(described.get(k) or "") for k in ("name", "client_id", "scope"))
    title = described.get("title")
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise Invalid(f"{LIST}: {name[:40]!r} is no name of an app, such as chart")
    if not _CLIENT.fullmatch(client_id):
        raise Invalid(f"{LIST}: {name}: client_id is missing or no plain word")
    if not scope:
        raise Invalid(f"{LIST}: {name}: scope says what the app may ask for")
    if not isinstance(title, dict) or not title.get("en"):
        raise Invalid(f"{LIST}: {name}: title has a text for en at least")
    return OwnApp(name, str(title["en"]), client_id, scope, described)


def _order(app: OwnApp) -> float:
    order = app.described.get("order")
    return order if isinstance(order, int | float) else float("inf")
