"""What a browser lets our pages do: no script but ours, and no word to anybody who isn't named.

https://www.w3.org/TR/CSP3/. What an app needs beyond that, its `app.json` says under `needs`:
`camera` (to read a wristband), `webassembly` (to decode images).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fhirserver.front_end import OwnApp
from fhirserver.settings import Settings

_PERMISSIONS: Final = (
    "camera={camera}, microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"
)


def page_headers(settings: Settings, app: OwnApp) -> dict[str, str]:
    """The headers of an app's page."""
    ancestors = settings.frame_origins.strip() or "'none'"
    script = "'self' 'wasm-unsafe-eval'" if needs(app, "webassembly") else "'self'"
    headers = {
        "Content-Security-Policy": "; ".join(
            [
                "default-src 'none'",
                f"script-src {script}",
                # Components place themselves by style attributes.
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self'",
                "manifest-src 'self'",
                "media-src 'self' blob:",
                f"connect-src {_reached(settings)}",
                "worker-src 'self' blob:",
                "form-action 'self'",
                "base-uri 'none'",
                f"frame-ancestors {ancestors}",
            ]
        ),
        "Permissions-Policy": _PERMISSIONS.format(
            camera="(self)" if needs(app, "camera") else "()"
        ),
    }
    if ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    return headers


def script_headers(settings: Settings) -> dict[str, str]:
    """The headers of a file: a worker has the policy that its own script came with."""
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
            f"connect-src {_reached(settings)}; worker-src 'self' blob:; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
    }


def needs(app: OwnApp, what: str) -> bool:
    """Whether an app says that it needs this."""
    listed = app.described.get("needs")
    return isinstance(listed, list) and what in listed


def _reached(settings: Settings) -> str:
    """Whom a page may call: this server, live updates, and other issuers that are named."""
    named = [settings.push_address, *settings.app_issuers.split()]
    origins = [_origin(address) for address in named] + settings.app_connect_origins.split()
    own = _origin(settings.fhir_base)
    return " ".join(dict.fromkeys(["'self'", *(o for o in origins if o != own)]))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
