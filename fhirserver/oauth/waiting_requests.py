"""Apps' requests that wait for their user: what consent page and patient picker work with.

`asking.Requests` says what each of these does. A request becomes that user's who first looks at it,
and an EHR's launch is used up by that: it was for one user, and for one time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fhirserver import clock
from fhirserver.access.scopes import covered, scope_of
from fhirserver.errors import Invalid
from fhirserver.oauth.asking import Asked
from fhirserver.oauth.registered import find
from fhirserver.oauth.session import SignedIn
from fhirserver.settings import Settings
from fhirserver.storage import grants, launches, pending
from fhirserver.storage.database import Database
from fhirserver.storage.grants import Family
from fhirserver.storage.pending import Waiting

_LAUNCHED: Final = "launched"
_CHOSEN: Final = "chosen_patient"


class LaunchRefused(Exception):
    """The launch was unknown, too old, used before, or another user's or app's."""


@dataclass(frozen=True, slots=True)
class WaitingRequests:
    """The requests in a database."""

    database: Database
    settings: Settings

    def find(self, request_id: str, who: SignedIn) -> Asked | None:
        """A request that waits; None when there is none, or it is another user's."""
        waiting = pending.take(self.database, request_id, who.user.id)
        if waiting is None:
            return None
        try:
            return self._asked(self.launched(waiting, who))
        except LaunchRefused:
            return None

    def choose(self, request_id: str, who: SignedIn, patient: str) -> None:
        """The user works with this patient; an EHR's choice isn't theirs to change."""
        waiting = pending.take(self.database, request_id, who.user.id)
        if waiting is None:
            return
        launched = waiting.request.get(_LAUNCHED)
        if launched is None or launched["patient"] is None:
            pending.change(self.database, request_id, who.user.id, {_CHOSEN: patient})

    def allow(self, request_id: str, who: SignedIn, scopes: tuple[str, ...]) -> str:
        """Grant these scopes of those asked for; returns the address that takes the code there."""
        waiting = pending.finish(self.database, request_id, who.user.id)
        if waiting is None:
            raise Invalid("the app's request is over: go back to the app, and start again")
        client = find(self.database, waiting.client)
        asked = self._asked(waiting)
        if client is None or asked is None:
            raise Invalid("the app may not be used any more")
        if covered(asked.scopes, scopes):
            raise Invalid("only what the app asks for can be granted")
        if not scopes:
            return self._told(waiting, error="access_denied")
        if asked.patient is None and _needs_patient(scopes):
            raise Invalid("choose a patient first")
        return self._told(waiting, code=self._code(waiting, who, asked, scopes))

    def deny(self, request_id: str, who: SignedIn) -> str:
        """Grant nothing; returns the address that says so to the app."""
        waiting = pending.finish(self.database, request_id, who.user.id)
        if waiting is None:
            raise Invalid("the app's request is over: go back to the app, and start again")
        return self._told(waiting, error="access_denied")

    def launched(self, waiting: Waiting, who: SignedIn) -> Waiting:
        """The request with what the EHR had open; raises LaunchRefused."""
        token = waiting.request.get("launch")
        if token is None or waiting.request.get(_LAUNCHED) is not None:
            return waiting
        launch = launches.claim(self.database, token, client=waiting.client, user=who.user.id)
        if launch is None:
            pending.finish(self.database, waiting.id, who.user.id)
            raise LaunchRefused
        found = {
            _LAUNCHED: {
                "patient": launch.patient,
                "encounter": launch.encounter,
                "context": launch.context,
            }
        }
        pending.change(self.database, waiting.id, who.user.id, found)
        return Waiting(waiting.id, waiting.client, waiting.request | found)

    def _asked(self, waiting: Waiting) -> Asked | None:
        client = find(self.database, waiting.client)
        if client is None:
            return None
        request = waiting.request
        launched: dict[str, Any] | None = request.get(_LAUNCHED)
        return Asked(
            id=waiting.id,
            client=waiting.client,
            client_name=client.client.name,
            redirect_uri=request["redirect_uri"],
            scopes=tuple(request["scope"].split()),
            patient=(launched and launched["patient"]) or request.get(_CHOSEN),
            is_launched=launched is not None and launched["patient"] is not None,
            is_trusted=client.client.is_trusted and not request.get("asks_consent"),
        )

    def _code(self, waiting: Waiting, who: SignedIn, asked: Asked, scopes: tuple[str, ...]) -> str:
        """A code for what was granted, whose family begins here."""
        request, settings = waiting.request, self.settings
        launched: dict[str, Any] = request.get(_LAUNCHED) or {}
        is_offline = "offline_access" in scopes
        # What needs its user to be signed in lasts no longer than a session can.
        lasting = (
            settings.refresh_token_lifetime_seconds
            if is_offline
            else settings.session_absolute_seconds
        )
        family = Family(
            subject=who.user.id,
            scope=" ".join(scopes),
            expires=clock.now() + timedelta(seconds=lasting),
            client=waiting.client,
            user=who.user.id,
            session=who.session,
            is_offline=is_offline,
            # An app that asked for no patient isn't told which one is open.
            patient=asked.patient if _needs_patient(scopes) or "launch" in scopes else None,
            encounter=launched.get("encounter"),
            launch=launched.get("context") or {},
            authenticated=who.authenticated_at,
        )
        with self.database.transaction() as connection:
            return grants.add_code(
                connection,
                client=waiting.client,
                redirect_uri=request["redirect_uri"],
                code_challenge=request["code_challenge"],
                nonce=request.get("nonce"),
                family=grants.start_family(connection, family),
                lifetime_seconds=settings.authorization_code_lifetime_seconds,
            )

    def _told(self, waiting: Waiting, **answer: str) -> str:
        return answer_address(waiting.request, self.settings.fhir_base, **answer)


def answer_address(request: dict[str, Any], issuer: str, **answer: str) -> str:
    """The app's address with the answer; `iss` says whose it is.

    https://www.rfc-editor.org/rfc/rfc9207
    """
    if "state" in request:
        answer["state"] = request["state"]
    answer["iss"] = issuer
    target = str(request["redirect_uri"])
    return f"{target}{'&' if '?' in target else '?'}{urlencode(answer)}"


def _needs_patient(scopes: tuple[str, ...]) -> bool:
    return "launch/patient" in scopes or any(
        (s := scope_of(word)) is not None and s.context == "patient" for word in scopes
    )
