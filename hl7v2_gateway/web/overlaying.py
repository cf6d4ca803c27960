"""Overlays over the mapping tables: which there are, entering one, and trying it out before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response

from fhirserver import ids
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid, NotFound, Unprocessable
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import Wanted
from fhirserver.web.administration.admission import Answer, Body, refuse_unknown, text_of
from hl7v2_gateway.mapping.overlays import Overlay, overlay_of, shipped
from hl7v2_gateway.mapping.trying import problems_of
from hl7v2_gateway.operating.answering import OURS
from hl7v2_gateway.operating.overlays import all_stored, content_of, library_of, stored
from hl7v2_gateway.operating.trying import trial
from hl7v2_gateway.web.operator import Operator

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
MOST_TRIED: Final = 200
USUALLY_TRIED: Final = 50
_DONE: Final = ("done", "dead")


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the addresses."""

    @made.get("/overlays")
    def overlays() -> Response:
        return operator.serve("hl7v2-overlays", lambda _p, _b: (_listed(operator), 200))

    @made.get("/overlays/<name>")
    def overlay(name: str) -> Response:
        return operator.serve("hl7v2-overlay", lambda _p, _b: (_shown(operator, name), 200))

    @made.put("/overlays/<name>")
    def enter(name: str) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            return _entered(operator, name, body), 200

        return operator.serve("hl7v2-overlay-entry", act, about="hl7v2:overlay")

    @made.post("/overlays/<name>/trial")
    def try_out(name: str) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            return _tried(operator, name, body), 200

        return operator.serve("hl7v2-overlay-trial", act, about="hl7v2:overlay")


def _listed(operator: Operator) -> dict[str, Any]:
    users: dict[str, list[str]] = {}
    for sender in operator.directory.known(0):
        for name in sender.overlays:
            users.setdefault(name, []).append(sender.id)
    entered = {str(x.get("name", "")): x for x in all_stored(operator.desk.engine)}
    return {
        "overlays": [
            {
                "name": name,
                "isEntered": name in entered,
                "version": entered[name]["meta"]["versionId"] if name in entered else None,
                "senders": users.get(name, []),
            }
            for name in sorted(entered.keys() | users.keys())
        ]
    }


def _shown(operator: Operator, name: str) -> dict[str, Any]:
    library = stored(operator.desk.engine, name)
    if library is not None:
        try:
            content = content_of(library)
        except ValueError as error:
            raise Unprocessable(f"the Library {library['id']} can't be used: {error}") from error
        id_, version = library["id"], library["meta"]["versionId"]
        return {"name": name, "library": id_, "version": version, "overlay": dict(content)}
    own = shipped(name)
    if own is None:
        raise NotFound("there is no overlay of this name")
    return {"name": name, "version": own.version, "overlay": dict(own.content)}


def _entered(operator: Operator, name: str, body: Body) -> dict[str, Any]:
    """Write a new version of an overlay that can be used."""
    _usable(name, body)
    engine = operator.desk.engine
    before = stored(engine, name)
    id_ = before["id"] if before is not None else f"hl7v2-{ids.new()}"
    request = FhirRequest(
        "update",
        OURS,
        type="Library",
        id=id_,
        body=library_of(name, body, id_),
        if_match=f'W/"{before["meta"]["versionId"]}"' if before is not None else None,
        prefer_return="minimal",
    )
    answer = engine.handle(request)
    return {"name": name, "library": id_, "version": str(answer.version)}


def _tried(operator: Operator, name: str, body: Body) -> dict[str, Any]:
    """What would change of the last messages of a sender, if it had this overlay."""
    refuse_unknown(body, "sender", "overlay", "messages")
    given = body.get("overlay", None)
    if given is None:
        given = _shown(operator, name)["overlay"]
    candidate = _usable(name, given)
    count = body.get("messages", USUALLY_TRIED)
    if type(count) is not int or not 0 < count <= MOST_TRIED:
        raise Invalid(f"messages is a number up to {MOST_TRIED}", expression="messages")
    wanted = Wanted(sender=text_of(body, "sender"), states=_DONE)
    heads = operator.messages.list(wanted, limit=count)
    found = trial(
        operator.converter, operator.overlays, candidate, [operator.message(h.id) for h in heads]
    )
    return {"looked": len(heads), "unchanged": len(heads) - len(found), "changes": found}


def _usable(name: str, content: Any) -> Overlay:
    if not _NAME.fullmatch(name):
        raise Invalid("the name of an overlay has letters, digits and hyphens, such as his-west")
    if not isinstance(content, Mapping):
        raise Invalid("overlay is a JSON object", expression="overlay")
    found = overlay_of(name, content)
    problems = problems_of(found)
    if problems:
        raise Unprocessable("; ".join(problems[:20]))
    return found
