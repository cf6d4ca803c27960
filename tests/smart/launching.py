"""Opening an app from our launcher, and what comes of an authorize request."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from tests.smart.app import App, User
from tests.smart.forms import form


def opened(user: User, app: App, **context: str) -> TestResponse:
    """The answer to somebody who opens the app with something of theirs open."""
    page = user.get("/account/apps")
    values = form(page.text, "/signout").values(client=app.client_id, **context)
    return user.post("/oauth/launch", values)


def told(answer: TestResponse) -> dict[str, str]:
    """The parameters of the address that a browser is sent to."""
    query = parse_qs(urlsplit(answer.location or "").query)
    return {name: values[0] for name, values in query.items()}


def launched(user: User, app: App, **context: str) -> str:
    """The launch token that the app gets."""
    answer = opened(user, app, **context)
    assert answer.status_code == 303, answer.text
    return told(answer)["launch"]


def refused(app: App, user: User, **changed: str) -> bool:
    """Whether a request ends without a code and without a page to allow it."""
    answer = app.ask(user, **changed)
    back = told(answer)
    return "code" not in back and (answer.status_code >= 400 or "error" in back)
