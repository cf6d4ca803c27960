"""No secret in an address: addresses are logged, kept in histories and passed on.

https://www.rfc-editor.org/rfc/rfc9700#section-4.3.2
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes

from fhirserver.errors import Invalid

_SECRETS: Final = frozenset(
    {b"access_token", b"refresh_token", b"id_token", b"client_secret", b"client_assertion",
     b"password"}
)  # fmt: skip
_TRACES: Final = (b"token", b"secret", b"assertion", b"password", b"%")


def refuse_secrets(query: bytes) -> None:
    """Raise Invalid when a parameter of the address is named like a secret.

    >>> refuse_secrets(b"name=a&_count=2")
    """
    if not any(trace in query for trace in _TRACES):
        return
    for part in query.split(b"&"):
        name = unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" ")).strip()
        if name in _SECRETS:
            raise Invalid(
                f"{name.decode()} must not be in an address: send a token in the Authorization "
                "header, other secrets in the body; and replace this one, which may be in logs now"
            )
