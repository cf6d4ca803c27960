"""The headers that every response carries, so that a browser keeps what it holds to itself.

https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.settings import Settings

Headers = list[tuple[str, str]]

_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    # Not "no-referrer": the forms of our own pages are checked by it, too.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
    ),
)
_DATA: Final = (
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    ("X-Frame-Options", "DENY"),
)
# A page that needs more, such as one that an EHR may frame, sets a policy of its own.
_PAGE: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'",
    ),
)
# Who opened a window must still see it after it has been here to sign in.
_OPENED_BY_APPS: Final = ("/oauth/", "/signin")
_PUBLIC: Final = ("/fhir/metadata", "/fhir/.well-known/", "/.well-known/", "/oauth/jwks")


class SecurityHeaders:
    """Adds what a response doesn't say itself."""

    def __init__(self, settings: Settings) -> None:
        self._transport: tuple[tuple[str, str], ...] = ()
        if settings.fhir_base.startswith("https://") and settings.hsts_seconds:
            self._transport = (("Strict-Transport-Security", f"max-age={settings.hsts_seconds}"),)

    def added(self, path: str, headers: Headers) -> Headers:
        """The headers of a response to a path, and those that were missing.

        >>> SecurityHeaders(Settings()).added("/livez", [])[0]
        ('X-Content-Type-Options', 'nosniff')
        """
        said = {name.lower(): value for name, value in headers}
        is_page = said.get("content-type", "").startswith("text/html")
        wanted = [*_ALWAYS, *(_PAGE if is_page else _DATA), *self._transport]
        if is_page and not path.startswith(_OPENED_BY_APPS):
            wanted.append(("Cross-Origin-Opener-Policy", "same-origin"))
        # What is public may be kept, but not used without asking; everything else isn't kept.
        wanted.append(("Cache-Control", "no-cache" if path.startswith(_PUBLIC) else "no-store"))
        return headers + [h for h in wanted if h[0].lower() not in said]
