"""A browser without a screen: it fills in forms as they come, with the token that is in them."""

from __future__ import annotations

from html.parser import HTMLParser

from flask import Flask
from werkzeug.test import TestResponse


class Browser:
    """Keeps cookies, and follows no redirect by itself."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.scheme = "http"

    def get(self, address: str) -> TestResponse:
        return self.client.get(address, base_url=f"{self.scheme}://localhost")

    def fill(self, address: str, *, action: str | None = None, **values: str) -> TestResponse:
        """Load a page and send its form (that one with the action, if named), with these values."""
        page = self.get(address)
        form = next(f for f in forms(page.text) if action is None or f.action == action)
        return self.send(form.action or address, form.hidden | values)

    def send(self, address: str, values: dict[str, str]) -> TestResponse:
        return self.client.post(address, data=values, base_url=f"{self.scheme}://localhost")

    def sign_in(self, name: str, password: str, **values: str) -> TestResponse:
        return self.fill("/signin", action="/signin", name=name, password=password, **values)

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


class Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.hidden: dict[str, str] = {}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        if tag == "input" and given.get("type") == "hidden":
            self.found[-1].hidden[given["name"]] = given.get("value") or ""


def forms(page: str) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(page)
    return parser.found
