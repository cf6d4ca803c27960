"""A SMART app without a screen, and whoever uses it: both speak HTTP with the server, no more.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.smart.forms import Form, form

Fill = Callable[[Form], None]
HOST = "http://127.0.0.1:8000"


@dataclass
class User:
    """Somebody with a browser that follows redirects until an app's address comes."""

    browser: FlaskClient
    name: str
    password: str

    def get(self, address: str) -> TestResponse:
        return self._followed(self.browser.get(address, base_url=HOST))

    def post(self, address: str, values: dict) -> TestResponse:
        return self._followed(self.browser.post(address, data=values, base_url=HOST))

    def send(self, page: TestResponse, **more: str) -> TestResponse:
        """Send the form of a page as it stands, with the button that is pressed."""
        return self.post(at(page), form(page.text).values(**more))

    def sign_in(self) -> TestResponse:
        return self._signed_in(self.browser.get("/signin", base_url=HOST))

    def _followed(self, answer: TestResponse) -> TestResponse:
        while answer.status_code in {302, 303} and answer.location.startswith(("/", f"{HOST}/")):
            answer = self.browser.get(answer.location, base_url=HOST)
            if answer.request.path == "/signin":
                answer = self._signed_in(answer)
        return answer

    def _signed_in(self, page: TestResponse) -> TestResponse:
        values = form(page.text, "/signin").values(name=self.name, password=self.password)
        return self.browser.post("/signin", data=values, base_url=HOST)


def at(page: TestResponse) -> str:
    """The address of a page."""
    query = page.request.query_string.decode()
    return page.request.path + (f"?{query}" if query else "")


@dataclass
class App:
    """A public app. `verifier` is of the newest request."""

    client_id: str
    redirect_uri: str
    scope: str
    http: FlaskClient
    verifier: str = ""
    state: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def request(self, **changed: str | None) -> dict[str, str]:
        """The parameters of a new request to the authorize address."""
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(16)
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        values: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "aud": f"{HOST}/fhir",
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            **self.extra,
            **changed,
        }
        return {name: value for name, value in values.items() if value is not None}

    def ask(self, user: User, **changed: str | None) -> TestResponse:
        """Where the user's browser arrives: the consent page, if all is well."""
        return user.get(f"/oauth/authorize?{urlencode(self.request(**changed))}")

    def asked(self, user: User, fill: Fill | None = None, **changed: str | None) -> dict[str, str]:
        """The user allows what was asked for, after `fill`; returns what the app is told."""
        return self.told(self.answered(user, self.ask(user, **changed), fill))

    def answered(self, user: User, page: TestResponse, fill: Fill | None = None) -> TestResponse:
        """Press Allow on a consent page."""
        assert page.status_code == 200, page.text
        filled = form(page.text)
        if fill is not None:
            fill(filled)
        return user.post(at(page), filled.values(answer="allow"))

    def told(self, answer: TestResponse) -> dict[str, str]:
        """The parameters with which a browser comes back to the app."""
        assert answer.status_code in {302, 303}, answer.text
        assert answer.location.startswith(self.redirect_uri)
        query = parse_qs(urlsplit(answer.location).query)
        return {name: values[0] for name, values in query.items()}

    def exchange(self, code: str, **changed: str) -> TestResponse:
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": self.verifier,
        }
        return self.http.post("/oauth/token", data=values | changed, base_url=HOST)

    def token(self, user: User, fill: Fill | None = None, **changed: str | None) -> dict:
        """The token response after the whole dance."""
        answer = self.exchange(self.asked(user, fill, **changed)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json

    def fhir(self, token: str, address: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.get(f"/fhir/{address}", headers=headers, base_url=HOST)
