"""Who is signed in in this browser: the session behind the cookie.

The cookie holds 256 random bits, out of the reach of scripts; all else is in the database, so that
a session that is ended there is over with the next request. OWASP ASVS 5.0, chapter 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast
from urllib.parse import urlencode

from flask import Request, Response, current_app, g

from fhirserver.access.principal import User
from fhirserver.settings import Settings
from fhirserver.storage import sessions
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account

Method = Literal["password", "one-time-code", "recovery-code", "passkey", "external"]

_KEY: Final = "fhirserver.sessions"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user and the session they are in.

    `session` is its id, which authorizations given in it carry. `authenticated_at` is when the user
    last proved who they are, `methods` how.
    """

    session: str
    user: User
    display: str
    authenticated_at: datetime
    methods: tuple[Method, ...]


class Sessions:
    """Starts, finds and ends the sessions of browsers."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.limits = sessions.Limits(
            settings.session_idle_seconds, settings.session_absolute_seconds
        )
        self._is_secure = settings.fhir_base.startswith("https:")
        self._is_framed = self._is_secure and bool(settings.frame_origins.strip())

    def find(self, request: Request) -> SignedIn | None:
        """The session of this request; None when nobody is signed in."""
        token = request.cookies.get(self.cookie_name("session"))
        found = sessions.live(self.database, token, self.limits) if token else None
        if found is None:
            return None
        session, account = found
        return SignedIn(
            session.id,
            user_of(account),
            account.display,
            session.authenticated,
            cast(tuple[Method, ...], session.methods),
        )

    def start(
        self, request: Request, response: Response, user_id: str, methods: Sequence[Method]
    ) -> None:
        """Sign a user in: a new session, whatever the browser had before."""
        before = self.find(request)
        if before is not None:
            sessions.end(self.database, before.session, before.user.id)
        token = sessions.start(
            self.database,
            user_id,
            methods,
            address=request.remote_addr or "",
            agent=request.user_agent.string,
        )
        self.set_cookie(response, "session", token)

    def renew(self, response: Response, session_id: str, methods: Sequence[Method]) -> bool:
        """The user proved again who they are; False when the session is over."""
        token = sessions.renew(self.database, session_id, methods)
        if token is not None:
            self.set_cookie(response, "session", token)
        return token is not None

    def end(self, request: Request, response: Response) -> None:
        """Sign out."""
        found = self.find(request)
        if found is not None:
            sessions.end(self.database, found.session, found.user.id)
        self.drop_cookie(response, "session")

    def cookie_name(self, name: str) -> str:
        """What a cookie is called: the prefix keeps other hosts from setting it."""
        return f"__Host-fhirserver-{name}" if self._is_secure else f"fhirserver-{name}"

    def set_cookie(self, response: Response, name: str, value: str) -> None:
        """Give the browser a cookie that no script can read, until it is closed."""
        response.set_cookie(
            self.cookie_name(name),
            value,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="None" if self._is_framed else "Lax",
            partitioned=self._is_framed,
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        """Take a cookie from the browser."""
        response.delete_cookie(
            self.cookie_name(name),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="None" if self._is_framed else "Lax",
            partitioned=self._is_framed,
        )

    def install(self) -> None:
        """Make it the one that `signed_in` asks; inside an application context."""
        current_app.extensions[_KEY] = self


def signed_in(request: Request) -> SignedIn | None:
    """Who is signed in in the browser that sent this; None for nobody. Looked up once a request."""
    if "signed_in" not in g:
        g.signed_in = installed().find(request)
    found: SignedIn | None = g.signed_in
    return found


def installed() -> Sessions:
    """The sessions of this application."""
    found: Sessions = current_app.extensions[_KEY]
    return found


def sign_in_address(next: str, *, reauthenticate: bool = False) -> str:  # noqa: A002
    """Where to send a browser to sign in and come back to `next`, a path of ours with its query.

    With `reauthenticate` who is signed in proves again who they are.
    """
    asked = {"next": next} | ({"reauthenticate": "1"} if reauthenticate else {})
    return "/signin?" + urlencode(asked)


def user_of(account: Account) -> User:
    """The user of an account, as access rules see them."""
    return User(account.id, account.name, account.fhir_user, account.roles, account.clearances)
