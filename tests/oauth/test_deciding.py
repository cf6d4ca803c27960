"""Where a decision leads, as the user and the browser are told."""

from __future__ import annotations

import pytest

from fhirserver.oauth.deciding import form_target, origin
from fhirserver.oauth.durations import in_words


@pytest.mark.parametrize(
    ("address", "shown", "allowed"),
    [
        ("https://app.example/back?a=b", "https://app.example", "https://app.example"),
        ("https://app.example:8443/", "https://app.example:8443", "https://app.example:8443"),
        ("org.example.app:/back", "org.example.app:", "org.example.app:"),
        ("http://[::1]:8080/back", "http://[::1]:8080", "http:"),
        ("https://bank.example@evil.example/", "https://evil.example", "https://evil.example"),
        ("https://a.example;script-src", "https://a.example;script-src", "https:"),
    ],
)
def test_an_address_is_told_by_its_origin(address, shown, allowed):
    assert (origin(address), form_target(address)) == (shown, allowed)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (43_200, "12 hours"),
        (86_400, "1 day"),
        (7_776_000, "90 days"),
    ],
)
def test_a_duration_is_told_in_a_fitting_unit(seconds, words):
    assert in_words(seconds) == words
