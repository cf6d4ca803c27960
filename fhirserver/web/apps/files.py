"""Files of the apps as HTTP responses: kept for good by browsers, and zipped where they take it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Request, Response
from werkzeug.security import safe_join

_YEAR_SECONDS: Final = 31_536_000
# Not from the machine's own table: nosniff takes them at their word, whatever that says.
_MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "gif": "image/gif",
    "html": "text/html; charset=utf-8",
    "ico": "image/vnd.microsoft.icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "mp3": "audio/mpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
}


def media_type(name: str) -> str:
    """The Content-Type of a file.

    >>> media_type("chart-Dk3f.js"), media_type("a.exe")
    ('text/javascript; charset=utf-8', 'application/octet-stream')
    """
    return _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def asset(folder: Path, name: str, request: Request) -> Response | None:
    """A file in a folder, as it is or as the zipped one beside it; None when there is none."""
    joined = safe_join(str(folder), name)
    if joined is None or "\0" in name:
        return None
    path = Path(joined)
    # A link could lead out of the folder.
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    zipped = path.with_name(f"{path.name}.gz")
    has_zipped = zipped.is_file()
    is_zipped = has_zipped and request.accept_encodings.quality("gzip") > 0
    response = Response(
        (zipped if is_zipped else path).read_bytes(), content_type=media_type(path.name)
    )
    if is_zipped:
        response.headers["Content-Encoding"] = "gzip"
    if has_zipped:
        response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    response.cache_control.max_age = _YEAR_SECONDS
    response.cache_control.immutable = True
    # What is in a file follows from its name.
    response.set_etag(f"{path.name}{'-gz' if is_zipped else ''}")
    response.make_conditional(request)
    return response
