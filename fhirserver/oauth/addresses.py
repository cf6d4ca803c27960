"""Where the authorization server is: everything follows from the FHIR base, which is the issuer.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that clients are told. `root` is what lies before `/oauth` and `/fhir`."""

    base: str
    root: str

    @property
    def authorize(self) -> str:
        return f"{self.root}/oauth/authorize"

    @property
    def token(self) -> str:
        return f"{self.root}/oauth/token"

    @property
    def introspect(self) -> str:
        return f"{self.root}/oauth/introspect"

    @property
    def revoke(self) -> str:
        return f"{self.root}/oauth/revoke"

    @property
    def register(self) -> str:
        return f"{self.root}/oauth/register"

    @property
    def jwks(self) -> str:
        return f"{self.root}/oauth/jwks"

    @property
    def manage(self) -> str:
        return f"{self.root}/account"

    @property
    def style(self) -> str:
        return f"{self.root}/oauth/smart-style.json"


def addresses(settings: Settings) -> Addresses:
    """The addresses of a server.

    >>> addresses(Settings(base_url="https://hospital.example/r4/fhir")).token
    'https://hospital.example/r4/oauth/token'
    """
    return Addresses(settings.fhir_base, settings.root)
