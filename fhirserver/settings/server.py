"""Where the server is reached, and what it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Server:
    """Where the server is reached, and what it stands on."""

    data_dir: Path = setting(Path("var"), "Where the embedded servers keep their state.")
    host: str = setting("127.0.0.1", "The address the web server listens on.")
    port: int = setting(8000, "The TCP port the web server listens on.")
    push_port: int | None = setting(
        None, "The TCP port of live updates; the one behind the web server's when not set."
    )
    push_max_connections: int = setting(
        10_000,
        "The most that listen for live updates to one process at the same time; a tenth of them "
        "with one token.",
    )
    websocket_url: str | None = setting(
        None,
        "Where clients reach the websockets of Subscriptions; when not set it is "
        "/push/subscriptions at the host of the base URL, or at HOST:PUSH_PORT when that isn't set "
        "either.",
    )
    push_url: str | None = setting(
        None,
        "Where browsers listen for live updates; when not set it is /push at the host of the base "
        "URL, or at HOST:PUSH_PORT when that isn't set either.",
    )
    base_url: str | None = setting(
        None,
        "The FHIR base that clients see, for links; http://HOST:PORT/fhir when not set, https when "
        "the server has a certificate.",
    )
    tls_certificate: Path | None = setting(
        None, "The certificate of the web server with its chain (PEM); without it there is no TLS."
    )
    tls_key: Path | None = setting(
        None, "The key of that certificate: PEM in the form PKCS#8, without a password."
    )
    tls_client_ca: Path | None = setting(
        None,
        "Who signs the certificates of clients (PEM): with it nobody gets in without one, probes "
        "neither.",
    )
    trusted_proxies: str = setting(
        "",
        "Addresses and networks of the proxies in front, with commas between them: only they are "
        "believed when they tell the client's address.",
    )
    client_address_header: str = setting(
        "X-Forwarded-For",
        "The header in which those proxies tell the client's address. One without a hyphen, such "
        "as Clientaddress, can't be forged by a header with an underscore in its place.",
    )
    hsts_seconds: int = setting(
        31_536_000,
        "How long browsers shall insist on https, told when base_url has it; 0 is never.",
    )
    cors_origins: str = setting(
        "*",
        "The origins, with spaces between, whose pages may call the FHIR API and the token "
        "endpoint from a browser; * is all, as a token is needed anyway.",
    )
    frame_origins: str = setting(
        "",
        "The origins, with spaces between, of electronic health records that may show our pages "
        "inside their own, such as https://ehr.example; it needs https.",
    )
    database_url: str | None = setting(
        None, "An existing PostgreSQL (15 or newer); the embedded one runs when not set."
    )
    broker_url: str | None = setting(
        None, "An existing Valkey or Redis for Celery; the embedded one runs when not set."
    )
    http_server: str = setting(
        "granian", "The HTTP server `up` and `web` start: granian or gunicorn."
    )
    web_processes: int = setting(2, "How many web worker processes run.")
    web_threads: int = setting(4, "How many requests one web process works on at once.")
    metrics_dir: Path | None = setting(
        None, "Where web processes share their metrics; set by `up` and `web` themselves."
    )
    log_level: str = setting("INFO", "The least severe log events that are written.")
    time_zone: str = setting("UTC", "The zone of dates and times that are written without one.")
