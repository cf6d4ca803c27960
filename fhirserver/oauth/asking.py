"""An app's request, from the address where it was made until its user has decided.

Consent page and patient picker know the authorization server by this alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fhirserver.oauth.session import SignedIn


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for, checked. `client` is its id, `scopes` are words that can be enforced.

    `patient` is whom the EHR had open when it launched the app, or whom the user has chosen.
    `is_launched` says that the context comes from an EHR, so that it isn't the user's to change;
    `is_trusted` that the app is the hospital's own, whose user isn't asked.
    """

    id: str
    client: str
    client_name: str
    redirect_uri: str
    scopes: tuple[str, ...]
    patient: str | None
    is_launched: bool
    is_trusted: bool = False

    @property
    def needs_patient(self) -> bool:
        """Whether it makes no sense without a patient."""
        return "launch/patient" in self.scopes or any(
            scope.startswith("patient/") for scope in self.scopes
        )


class Requests(Protocol):
    """Where requests wait; all of them are one user's."""

    def find(self, request_id: str, who: SignedIn) -> Asked | None:
        """A request that waits; None when there is none, or it is another user's."""

    def choose(self, request_id: str, who: SignedIn, patient: str) -> None:
        """The user works with this patient."""

    def allow(self, request_id: str, who: SignedIn, scopes: tuple[str, ...]) -> str:
        """Grant these scopes of those asked for; returns the address that takes the code there."""

    def deny(self, request_id: str, who: SignedIn) -> str:
        """Grant nothing; returns the address that says so to the app."""
