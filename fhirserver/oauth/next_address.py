"""Where a browser goes after signing in: always a path of this server.

OWASP: https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from typing import Final

# A second slash or a backslash would make the rest a host; browsers drop control characters.
_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
MOST_CHARACTERS: Final = 8_000


def local(address: str | None, otherwise: str = "/") -> str:
    """The address if it is a path of ours, else `otherwise`.

    >>> local("/oauth/authorize?client_id=1"), local("//evil.example"), local("/\\\\evil.example")
    ('/oauth/authorize?client_id=1', '/', '/')
    """
    if address and len(address) <= MOST_CHARACTERS and _LOCAL.fullmatch(address):
        return address
    return otherwise
