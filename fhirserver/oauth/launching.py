"""What a launcher asks: which apps of others can be opened, and with what is open to open one.

For pages of ours that hold a token, where launch.py serves forms. The caller is who the token says,
never a cookie: nothing that another site makes a browser send comes to anything here, and somebody
else who has signed in in the same browser meanwhile opens nothing. Only a trusted app may launch:
else one app could put a patient of its choice before its user in another.
https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import json as plain_json
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.audit.event import Event
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden, Invalid, NotFound, UnsupportedMedia
from fhirserver.model import json
from fhirserver.oauth.launch import address_of, context_of, launchable
from fhirserver.oauth.own_rights import origin
from fhirserver.storage.clients import client_by_id, clients

MOST_BYTES: Final = 20_000
_TEXTS: Final = ("client", "patient", "encounter", "intent")

PrincipalOf = Callable[[str | None], Principal]


def blueprint(
    engine: Engine, principal_of: PrincipalOf, record: Callable[[Event], None]
) -> Blueprint:
    """`/apps/launchable.json` and `POST /apps/launch`; `principal_of` is given the header."""
    endpoint = Blueprint("launching", __name__)
    database = engine.context.store.database

    @endpoint.get("/apps/launchable.json")
    def list_launchable() -> Response:
        _caller()
        found = [c for c in clients(database) if launchable(c) and c.own_app is None]
        return _answer({"clients": [{"id": c.id, "name": c.name} for c in found]})

    @endpoint.post("/apps/launch")
    def launch() -> Response:
        caller = _caller()
        try:
            address = _launched(caller, _read())
        except FhirError as error:
            record(called(caller, "launch-app", origin(), error=error))
            raise
        return _answer({"url": address})

    def _caller() -> Principal:
        """Who asks; raises Unauthorized, or Forbidden for who may not."""
        caller = principal_of(request.headers.get("Authorization"))
        if caller.user is None:
            raise Forbidden("apps are opened for people: this takes a token of a user")
        client = client_by_id(database, caller.client) if caller.client else None
        if client is None or not client.is_trusted:
            raise Forbidden("only the hospital's own apps open others")
        return caller

    def _launched(caller: Principal, given: dict[str, str]) -> str:
        """Where the browser is to go. Raises errors.FhirError."""
        assert caller.user is not None
        client = client_by_id(database, given.pop("client", ""))
        if client is None or not launchable(client):
            raise NotFound("there is no such app that can be opened")
        made = context_of(engine, caller, caller.user.id, client, given)
        # Before the app has it.
        record(called(caller, "launch-app", origin(), reason=client.id))
        return address_of(engine, client, made)

    return endpoint


def _read() -> dict[str, str]:
    """The body as the form that launch.py takes. Raises errors.FhirError."""
    if request.mimetype != "application/json":
        raise UnsupportedMedia("this takes application/json")
    request.max_content_length = MOST_BYTES
    asked = json.parse_object(request.get_data())
    found: dict[str, str] = {}
    for name, value in asked.items():
        if name in _TEXTS:
            if not isinstance(value, str):
                raise Invalid(f"{name} is a text", expression=name)
            found[name] = value
        elif name == "need_patient_banner":
            if not isinstance(value, bool):
                raise Invalid(f"{name} is true or false", expression=name)
            found[name] = "true" if value else "false"
        elif name == "fhirContext":
            found[name] = plain_json.dumps(value)
        else:
            raise Invalid(f"{name[:40]!r} means nothing here")
    return found


def _answer(content: dict[str, Any]) -> Response:
    response = jsonify(content)
    response.headers["Cache-Control"] = "no-store"
    return response
