"""Granting what an app asks for: on record, and never about a patient whom its user may not see.

By the consent page once its user has decided, and without a page for trusted apps: the hospital's
own are no third party. What such an app may do is still its user's rights within its scopes.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.engine import Engine
from fhirserver.errors import Forbidden
from fhirserver.oauth import patients
from fhirserver.oauth.asking import Asked, Requests
from fhirserver.oauth.own_rights import OwnRights
from fhirserver.oauth.recording import Record
from fhirserver.oauth.session import SignedIn
from fhirserver.oauth.shown_patient import ShownPatient


@dataclass(frozen=True, slots=True)
class Granting:
    """Grants requests that wait."""

    engine: Engine
    requests: Requests
    own_rights: OwnRights
    record: Record

    def patient_of(self, asked: Asked, who: SignedIn) -> ShownPatient | None:
        """Whom the request is about; raises Forbidden for a patient whom the user may not see."""
        if asked.patient is None:
            return None
        found = patients.patient(self.engine, self.own_rights(who), asked.patient)
        if found is None:
            raise Forbidden("The app asks about a patient whom you may not see.")
        return found

    def allow(self, asked: Asked, who: SignedIn, scopes: tuple[str, ...]) -> str:
        """Grant these scopes of those asked for; returns the address that takes the code there.

        Raises Forbidden as `patient_of` does.
        """
        self.patient_of(asked, who)
        # Before the app has it: without a record nobody gets anything.
        self.record.decided(asked, who.user, scopes)
        return self.requests.allow(asked.id, who, scopes)

    def deny(self, asked: Asked, who: SignedIn) -> str:
        """Grant nothing; returns the address that says so to the app."""
        self.record.decided(asked, who.user, ())
        return self.requests.deny(asked.id, who)
