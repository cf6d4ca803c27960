"""The consent page: what an app asks for, in words, and what its user allows of it.

Nothing is remembered: each request is asked anew. Users of trusted apps come through here without
seeing a page. https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from fhirserver.access.scopes import IDENTITY
from fhirserver.oauth import patients
from fhirserver.oauth.asking import Asked
from fhirserver.oauth.deciding import CONSENT, PICKER, address, decider, origin, see_other
from fhirserver.oauth.durations import in_words
from fhirserver.oauth.granting import Granting
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.scope_choices import Choice, choices, granted
from fhirserver.oauth.session import SignedIn
from fhirserver.oauth.shown_patient import ShownPatient

_NOTHING_LEFT: Final = "Nothing is left that the app could do. Allow something, or deny."


@dataclass(frozen=True, slots=True)
class Section:
    """The lines about one context, under what they are about."""

    heading: str
    choices: tuple[Choice, ...]


def blueprint(granting: Granting) -> Blueprint:
    """`/oauth/consent`."""
    pages = page_blueprint("consent", __name__)
    settings = granting.engine.context.settings
    requests = granting.requests

    @pages.get(CONSENT)
    def show() -> Response:
        found = decider(requests, request)
        if isinstance(found, Response):
            return found
        asked, who = found
        if asked.needs_patient and asked.patient is None:
            return see_other(address(PICKER, asked))
        if asked.is_trusted:
            return see_other(granting.allow(asked, who, asked.scopes))
        return page(asked, who)

    @pages.post(CONSENT)
    def answer() -> Response:
        found = decider(requests, request)
        if isinstance(found, Response):
            return found
        asked, who = found
        if request.form.get("answer") != "allow":
            return see_other(granting.deny(asked, who))
        if asked.needs_patient and asked.patient is None:
            return see_other(address(PICKER, asked))
        scopes = granted(asked.scopes, request.form.getlist)
        if not scopes:
            return page(asked, who, _NOTHING_LEFT)
        return see_other(granting.allow(asked, who, scopes))

    def page(asked: Asked, who: SignedIn, message: str | None = None) -> Response:
        patient = granting.patient_of(asked, who)
        text = render_template(
            "consent.html",
            client=asked.client_name,
            returns_to=origin(asked.redirect_uri),
            patient=patient,
            picker_address=address(PICKER, asked) if has_choice(asked, who) else None,
            sections=sections(asked.scopes, who, patient),
            others=others(asked.scopes, settings.refresh_token_lifetime_seconds),
            duration=duration(asked.scopes, settings.session_absolute_seconds),
            message=message,
        )
        return make_response(text, 200 if message is None else 422)

    def has_choice(asked: Asked, who: SignedIn) -> bool:
        """Whether the patient could be another one."""
        return not asked.is_launched and patients.can_choose(granting.own_rights(who))

    return pages


def sections(scopes: Sequence[str], who: SignedIn, patient: ShownPatient | None) -> list[Section]:
    """The parts of the page about resources; those without a line are left out."""
    is_own = patient is not None and who.user.fhir_user == f"Patient/{patient.id}"
    name = "the patient" if patient is None else patient.name
    mine = "In your own record" if is_own else f"In the record of {name}"
    found = [
        Section(mine, choices(scopes, "patient")),
        Section("In every record that you may see yourself", choices(scopes, "user")),
    ]
    return [section for section in found if section.choices]


def others(scopes: Sequence[str], offline_seconds: float) -> list[tuple[str, str]]:
    """The lines that aren't about resources: their field and their words."""
    found = []
    if IDENTITY & set(scopes):
        found.append(("identity", "Know who you are: your name, and who you are in the records"))
    if "offline_access" in scopes:
        lasting = in_words(offline_seconds)
        found.append(("offline", f"Go on by itself for {lasting}, also after you have signed out"))
    elif "online_access" in scopes:
        found.append(("offline", "Go on without asking again for as long as you stay signed in"))
    return found


def duration(scopes: Sequence[str], session_seconds: float) -> str:
    """How long the app has access, unless it goes on by itself."""
    ends = f"ccess ends when you sign out, and after {in_words(session_seconds)} in any case."
    unless = "Unless you let it go on by itself, its a" if "offline_access" in scopes else "Its a"
    return unless + ends
