"""The patient picker: with whom an app is to work that was opened outside a chart.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#requesting-context-with-scopes
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden
from fhirserver.oauth import patients
from fhirserver.oauth.asking import Asked, Requests
from fhirserver.oauth.deciding import CONSENT, PICKER, address, decider, see_other
from fhirserver.oauth.own_rights import OwnRights
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.patients import Found
from fhirserver.oauth.session import SignedIn

_NONE_OWN = "Nobody's record is yours to use with an app."
_NOTHING_ASKED = "Type a name, a record number or a birth date."
_NOBODY = "Nobody whom you may see fits. Check the spelling, or search by record number."


def blueprint(engine: Engine, requests: Requests, own_rights: OwnRights) -> Blueprint:
    """`/oauth/patient`."""
    pages = page_blueprint("patient_picker", __name__)

    @pages.get(PICKER)
    def show() -> Response:
        found = decider(requests, request)
        if isinstance(found, Response):
            return found
        asked, who = found
        own = patients.own(engine, own_rights(who))
        if own is None:
            return page(asked, patients.Asked())
        if len(own) == 1:
            return chosen(asked, who, own[0].id)
        return page(asked, None, Found(own), None if own else _NONE_OWN)

    @pages.post(PICKER)
    def answer() -> Response:
        found = decider(requests, request)
        if isinstance(found, Response):
            return found
        asked, who = found
        form = request.form
        if form.get("answer") == "deny":
            return see_other(requests.deny(asked.id, who))
        if "patient" in form:
            return chosen(asked, who, form["patient"])
        if patients.own(engine, own_rights(who)) is not None:
            return see_other(address(PICKER, asked))
        typed = patients.Asked(*(form.get(field, "")[:200] for field in ("name", "number", "born")))
        if not typed.query:
            return page(asked, typed, message=_NOTHING_ASKED)
        try:
            matches = patients.search(engine, own_rights(who), typed)
        except FhirError as error:
            return page(asked, typed, message=str(error))
        return page(asked, typed, matches, None if matches.patients else _NOBODY)

    def chosen(asked: Asked, who: SignedIn, patient: str) -> Response:
        own = patients.own(engine, own_rights(who))
        is_theirs = (
            patients.patient(engine, own_rights(who), patient) is not None
            if own is None
            else patient in {each.id for each in own}
        )
        if asked.is_launched or not is_theirs:
            raise Forbidden("That patient can't be chosen here.")
        requests.choose(asked.id, who, patient)
        return see_other(address(CONSENT, asked))

    def page(
        asked: Asked,
        typed: patients.Asked | None,
        found: Found | None = None,
        message: str | None = None,
    ) -> Response:
        shown = found.patients if found else ()
        count = f"{len(shown)} patient{'' if len(shown) == 1 else 's'}"
        text = render_template(
            "patient_picker.html",
            client=asked.client_name,
            can_search=typed is not None,
            asked=typed,
            patients=shown,
            is_more=found is not None and found.is_more,
            heading=f"The first {count}" if found and found.is_more else count,
            message=message,
        )
        return make_response(text)

    return pages
