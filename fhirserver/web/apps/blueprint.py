"""`/` and `/apps/…`: the pages of our SMART apps.

Pages carry no data: they ask for it with a token of their own, as any other app does. Each address
below an app's is its page, which knows its own addresses. Files under `assets/` have names that
change with what is in them, so that browsers keep them for good.
"""

from __future__ import annotations

import hashlib
import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request

from fhirserver import front_end
from fhirserver.errors import NotFound
from fhirserver.front_end import OwnApp
from fhirserver.settings import Settings
from fhirserver.web.apps import configuration
from fhirserver.web.apps.files import asset, media_type
from fhirserver.web.apps.plain_pages import ABSENT, UNKNOWN
from fhirserver.web.apps.policy import page_headers, script_headers

HOME: Final = "home"
"""The app that lists the others."""

_FILE: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def blueprint(settings: Settings) -> Blueprint:
    """The addresses; where the apps lie is looked up anew each time, as they may be built later."""
    pages = Blueprint("apps_pages", __name__)

    @pages.before_request
    def name_it() -> None:
        request.environ["fhirserver.interaction"] = "apps"

    @pages.get("/")
    @pages.get("/apps")
    def root() -> Response:
        # Absolute, as tokens only come to the address that clients are told.
        return _see_other(f"{settings.root}/apps/{HOME}/")

    @pages.get("/apps/config.json")
    def config() -> Response:
        built = front_end.folder()
        apps = () if built is None else front_end.apps(built)
        listed = [app for app in apps if app.name != HOME]
        content = json.dumps(configuration.configuration(settings, listed), ensure_ascii=False)
        return _checked_again(Response(content.encode(), content_type="application/json"))

    @pages.get("/apps/assets/<path:name>")
    def assets(name: str) -> Response:
        built = front_end.folder()
        found = None if built is None else asset(built / "assets", name, request)
        if found is None:
            raise NotFound("there is no such file")
        found.headers.update(script_headers(settings))
        return found

    @pages.get("/apps/<name>/")
    @pages.get("/apps/<name>/<path:_below>")
    def page(name: str, _below: str = "") -> Response:
        built = front_end.folder()
        if built is None:
            return _told(ABSENT, HTTPStatus.SERVICE_UNAVAILABLE)
        app = next((a for a in front_end.apps(built) if a.name == name), None)
        if app is None:
            return _told(UNKNOWN, HTTPStatus.NOT_FOUND)
        return _page(settings, built, app)

    @pages.get("/apps/<name>")
    def beside(name: str) -> Response:
        """A file beside the apps, such as an icon; else an app whose slash is missing."""
        built = front_end.folder()
        if built is not None and _FILE.fullmatch(name) and (built / name).is_file():
            content = front_end.content_of(built / name)
            return _checked_again(Response(content, content_type=media_type(name)))
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return _see_other(f"/apps/{name}/{query}") if _FILE.fullmatch(name) else page(name)

    return pages


def _page(settings: Settings, built: Path, app: OwnApp) -> Response:
    content = front_end.content_of(built / app.name / "index.html")
    response = Response(content, content_type="text/html; charset=utf-8")
    response.headers.update(page_headers(settings, app))
    return _checked_again(response)


def _checked_again(response: Response) -> Response:
    """A browser may keep it, but asks each time whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _see_other(target: str) -> Response:
    response = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": target})
    response.autocorrect_location_header = False
    del response.headers["Content-Type"]  # there is no content
    response.headers["Cache-Control"] = "no-cache"
    return response


def _told(text: str, status: HTTPStatus) -> Response:
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["X-Frame-Options"] = "DENY"
    return response
