"""What the authorization server says when it refuses, within the characters of the standard.

https://www.rfc-editor.org/rfc/rfc6749#section-5.2
"""

from __future__ import annotations

from typing import Final

from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
)

_LONGEST: Final = 300


def allowed(text: str) -> str:
    """The text in the characters that an error_description may have."""
    made = "".join(
        c if " " <= c <= "~" and c not in '"\\' else "'" if c == '"' else "?" for c in text
    )
    return made[:_LONGEST]


def bad_request(text: str) -> InvalidRequestError:
    """A parameter is missing, repeated or malformed."""
    return InvalidRequestError(allowed(text))


def bad_client(text: str) -> InvalidClientError:
    """Who asks isn't known, or can't prove it."""
    return InvalidClientError(allowed(text), status_code=401)


def bad_grant(text: str) -> InvalidGrantError:
    """The code or refresh token is no good."""
    return InvalidGrantError(allowed(text))


def bad_scope(text: str) -> InvalidScopeError:
    """A scope is none, can't be enforced, or is more than what may be asked for."""
    return InvalidScopeError(allowed(text))
