"""The page of apps that may do something in a person's name, and how that is taken back.

ONC (g)(10), revocation by patients: https://www.healthit.gov/test-method/standardized-api-patient-and-population-services
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.oauth import patients
from fhirserver.oauth.deciding import see_other
from fhirserver.oauth.durations import moment
from fhirserver.oauth.own_rights import OwnRights
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.scope_choices import choices
from fhirserver.oauth.session import sign_in_address, signed_in
from fhirserver.oauth.shown_patient import ShownPatient
from fhirserver.storage import clients, grants
from fhirserver.storage.grants import Family

APPS: Final = "/account/apps"


@dataclass(frozen=True, slots=True)
class ShownApp:
    """One grant, in words; `id` is what takes it back."""

    id: str
    name: str
    patient: ShownPatient | None
    may: tuple[str, ...]
    since: str
    last_used: str
    until: str


def blueprint(engine: Engine, own_rights: OwnRights) -> Blueprint:
    """`/account/apps`."""
    pages = page_blueprint("apps", __name__)
    database = engine.context.store.database

    @pages.get(APPS)
    def show() -> Response:
        who = signed_in(request)
        if who is None:
            return see_other(sign_in_address(APPS))
        caller = own_rights(who)
        found = [
            shown(engine, caller, family, _name(family))
            for family in grants.families_of_user(database, who.user.id)
            if family.client is not None
        ]
        taken_back = "taken_back" in request.args
        return make_response(render_template("apps.html", apps=found, taken_back=taken_back))

    @pages.post(APPS)
    def revoke() -> Response:
        who = signed_in(request)
        if who is None:
            return see_other(sign_in_address(APPS))
        asked = request.form.get("revoke", "")
        for family in grants.families_of_user(database, who.user.id):
            if family.id == asked:
                grants.revoke_family(database, family.id)
        return see_other(f"{APPS}?taken_back=1")

    def _name(family: Family) -> str:
        client = clients.client_by_id(database, family.client or "")
        return "An app that is gone" if client is None else client.name

    return pages


def shown(engine: Engine, caller: Principal, family: Family, name: str) -> ShownApp:
    """A grant in words."""
    assert family.created is not None
    return ShownApp(
        id=family.id,
        name=name,
        patient=patients.patient(engine, caller, family.patient) if family.patient else None,
        may=may(family.scope.split()),
        since=moment(family.created),
        last_used=_last_used(family.used),
        until=moment(family.expires)
        + ("" if family.is_offline else ", or when you sign out before"),
    )


def may(scopes: Sequence[str]) -> tuple[str, ...]:
    """What scopes allow, a line for each."""
    everywhere = (f"{c.words}, in every record that you may see" for c in choices(scopes, "user"))
    found = [*(c.words for c in choices(scopes, "patient")), *everywhere]
    return tuple(dict.fromkeys(found)) or ("Know who you are",)


def _last_used(used: datetime | None) -> str:
    return "never" if used is None else moment(used)
