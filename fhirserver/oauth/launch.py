"""EHR launch: our own launcher calls an app, and says what is open.

A form of ours is sent here (launching.py serves pages with a token); the browser goes on to the
app's launch address with `iss` and `launch`.
https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

from collections.abc import Mapping
from json import loads
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Invalid, NotFound, Unauthorized
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.oauth import patients
from fhirserver.oauth.deciding import see_other
from fhirserver.oauth.own_rights import OwnRights, origin
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.session import signed_in
from fhirserver.storage import launches
from fhirserver.storage.clients import Client, client_by_id
from fhirserver.storage.launches import Launch

LIFETIME_SECONDS: Final = 300
"""How long the app has to come back with the launch; its user may have to sign in meanwhile."""

_MOST_CONTEXT: Final = 20
_MOST_CHARACTERS: Final = 8_000
_DEEPEST: Final = 8


def blueprint(engine: Engine, own_rights: OwnRights) -> Blueprint:
    """`POST /oauth/launch`."""
    pages = page_blueprint("launch", __name__)
    context = engine.context

    @pages.post("/oauth/launch")
    def launch() -> Response:
        who = signed_in(request)
        if who is None:
            raise Unauthorized("You are not signed in. Sign in, then open the app again.")
        client = client_by_id(context.store.database, request.form.get("client", ""))
        if client is None or not client.is_active or not client.launch_uri:
            raise NotFound("There is no such app that can be opened from here.")
        made = context_of(engine, own_rights(who), who.user.id, client, request.form)
        return see_other(address_of(engine, client, made))

    return pages


def launchable(client: Client) -> bool:
    """Whether an EHR can open it: it says where, and may ask for what the EHR has open."""
    return client.is_active and client.launch_uri is not None and "launch" in client.scope.split()


def address_of(engine: Engine, client: Client, launch: Launch) -> str:
    """Where a browser goes to open the app; the address works once, and not for long."""
    context = engine.context
    token = launches.start(context.store.database, launch, LIFETIME_SECONDS)
    given = urlencode({"iss": context.settings.fhir_base, "launch": token})
    address = client.launch_uri or ""
    return f"{address}{'&' if '?' in address else '?'}{given}"


def context_of(
    engine: Engine, caller: Principal, user: str, client: Client, form: Mapping[str, str]
) -> Launch:
    """What is open, as far as the caller may see it. Raises errors.FhirError for anything else.

    `user` is the id of who opens the app; nobody else can go on with it.
    """
    patient, encounter = form.get("patient") or None, form.get("encounter") or None
    if encounter is not None:
        subject = _subject(engine, caller, encounter)
        if subject != (patient or subject):
            raise Invalid("The visit is not one of this patient.")
        patient = subject
    if patient is not None and patients.patient(engine, caller, patient) is None:
        raise NotFound("There is no such patient.")
    context: dict[str, Any] = {}
    if "need_patient_banner" in form:
        context["need_patient_banner"] = form["need_patient_banner"] == "true"
    if intent := form.get("intent"):
        if not intent.isprintable() or len(intent) > 100:
            raise Invalid("The intent is a short word, such as reconcile-medications.")
        context["intent"] = intent
    if given := form.get("fhirContext"):
        context["fhirContext"] = fhir_context(given, engine)
    return Launch(client.id, user, patient, encounter, context)


def fhir_context(text: str, engine: Engine) -> list[dict[str, Any]]:
    """What else is open, checked. Raises Invalid.

    https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#fhircontext-exp
    """
    if len(text) > _MOST_CHARACTERS:
        raise Invalid("The fhirContext is too long.")
    json.parse(text.encode(), max_depth=_DEEPEST)
    # Read anew for plain numbers, as it is stored as plain JSON.
    found = loads(text)
    if not isinstance(found, list) or len(found) > _MOST_CONTEXT:
        raise Invalid(f"The fhirContext is a list of at most {_MOST_CONTEXT} objects.")
    for each in found:
        if not isinstance(each, dict) or not {"reference", "canonical", "identifier"} & set(each):
            raise Invalid(
                "Each object of fhirContext has a reference, a canonical or an identifier."
            )
        kind, _, id_ = str(each.get("reference", "Basic/1")).partition("/")
        if not engine.context.definitions.is_resource(kind) or not id_:
            raise Invalid("A reference in fhirContext is relative, such as ImagingStudy/1.")
        if kind in {"Patient", "Encounter"} and each.get("role", "launch") == "launch":
            raise Invalid("The open patient and visit have fields of their own.")
    return found


def _subject(engine: Engine, caller: Principal, encounter: str) -> str:
    """Whose visit it is."""
    try:
        read = FhirRequest("read", caller, type="Encounter", id=encounter, origin=origin())
        answer = engine.handle(read)
    except FhirError as error:
        raise NotFound("There is no such visit.") from error
    found = json.parse_object(answer.content or b"{}")
    kind, _, id_ = str((found.get("subject") or {}).get("reference", "")).partition("/")
    if kind != "Patient" or not id_:
        raise Invalid("The visit has no patient.")
    return id_
