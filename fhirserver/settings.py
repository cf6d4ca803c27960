"""Every setting, read once from the environment by the composition root.

A field `port` is the variable `FHIRSERVER_PORT`; its comment is its documentation. What is secret
may be in a file instead, that `FHIRSERVER_MASTER_KEYS_FILE`, for one, names.
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

CONFIDENTIALITY = frozenset("ULMNRV")
CHOICES = {
    "profile_validation": ("reject", "warn", "tag", "off"),
    "check_references": ("reject", "off"),
    "prescription_checks": ("off", "warn", "require"),
    "prescription_rules": ("people", "everyone", "off"),
    "audit_reads": ("buffered", "strict"),
    "key_provider": ("file", "environment", "aws-kms", "vault"),
    "smtp_tls": ("starttls", "tls", "off"),
    "client_registration": ("off", "token", "open"),
}


class InvalidSetting(Exception):
    """A setting has a value that can't be used; the message names it."""


def setting(default: object, help_text: str, *, secret: bool = False) -> typing.Any:
    """A field with its documentation, which `docs/` prints; a secret never shows in a repr."""
    return field(default=default, metadata={"help": help_text}, repr=not secret)


@dataclass(frozen=True, slots=True)
class Settings:
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
    time_zone: str = setting("UTC", "The zone of dates and times that are written without one.")
    beds_cleaned: bool = setting(
        False,
        "Whether a bed or a machine that a patient leaves is free at once. Otherwise it waits "
        "until somebody marks it as cleaned.",
    )
    max_body_bytes: int = setting(64_000_000, "The largest request body, after decompression.")
    max_bytes_in_flight: int = setting(
        128_000_000,
        "How many bytes of request bodies one web process works on at once; more is told to come "
        "back (503). A single body is always let in. 0 is no limit.",
    )
    min_free_mbytes: int = setting(
        100,
        "Below so much free memory of the machine or container, large bodies, searches and other "
        "heavy requests are told to come back (503). 0 is never.",
    )
    requests_per_minute: int = setting(
        6000, "How many requests one user may send through one client in a minute; 0 is no limit."
    )
    heavy_seconds_per_minute: int = setting(
        240,
        "How many seconds the searches, operations, histories and bundles of one user may take "
        "in a minute, all in all; 0 is no limit.",
    )
    slow_requests_at_once: int = setting(
        3,
        "How many heavy requests of one user that take longer than a second may be under way in "
        "one web process; 0 is no limit.",
    )
    system_requests_per_minute: int = setting(
        0, "The same as requests_per_minute for a client that acts for itself; 0 is no limit."
    )
    system_heavy_seconds_per_minute: int = setting(
        0, "The same as heavy_seconds_per_minute for a client that acts for itself."
    )
    system_slow_requests_at_once: int = setting(
        0, "The same as slow_requests_at_once for a client that acts for itself."
    )
    address_requests_per_minute: int = setting(
        6000,
        "How many requests without a valid token may come from one address in a minute; 0 is no "
        "limit. Behind a proxy, set trusted_proxies, too.",
    )
    sign_ins_per_minute: int = setting(
        600, "How many sign-ins one address may try in a minute; 0 is no limit."
    )
    scheduled_reports: str = setting(
        "daily: occupancy admissions; monthly: length-of-stay readmission lab-turnaround no-show "
        "waiting-time alert-response medication-orders staff-load",
        "The reports of metrics that the worker makes and stores, each once a day, week or month "
        "is over; empty is none.",
    )
    bulk_jobs_at_once: int = setting(
        5, "How many exports and imports of one client may be open at once; 0 is no limit."
    )
    bulk_file_resources: int = setting(
        50_000, "The most resources in one file of an export: the next ones are in another."
    )
    bulk_lifetime_seconds: int = setting(
        86_400, "How long an export's or import's answer and files can be fetched when it is done."
    )
    bulk_import_sources: str = setting(
        "",
        "Where $import may fetch files from: beginnings of https addresses, with spaces between "
        "them. None means that only files stored here as Binary are imported.",
    )
    max_bundle_entries: int = setting(
        20_000, "The most entries of a batch or transaction; 0 is no limit."
    )
    max_depth: int = setting(64, "The deepest nesting of a JSON body.")
    profile_validation: str = setting(
        "warn",
        "What becomes of a write that breaks a profile of its meta.profile: reject; warn, which "
        "tells those who send Prefer: return=OperationOutcome; tag, which marks it; off.",
    )
    check_references: str = setting(
        "off", "Whether a write is refused whose references are to nobody here: reject or off."
    )
    prescription_rules: str = setting(
        "people",
        "Who is held to the life cycle of prescriptions, dispenses and administrations: people; "
        "everyone, that is clients that act for themselves, too, and can then import no history; "
        "off.",
    )
    prescription_checks: str = setting(
        "warn",
        "What becomes of findings when a prescription is signed: warn, which tells those who send "
        "Prefer: return=OperationOutcome; require, which refuses it until each of high severity "
        "has a reason to override it; off. It holds for whom prescription_rules holds.",
    )
    default_count: int = setting(20, "Matches on a search page when _count is not given.")
    max_count: int = setting(1000, "The most matches on a search page.")
    max_includes: int = setting(5000, "The most included resources on a search page.")
    max_expansion_codes: int = setting(
        20_000, "The most codes of a value set that $expand gives at once."
    )
    graphql_max_depth: int = setting(20, "The most levels of fields in a GraphQL query.")
    graphql_max_cost: int = setting(
        100_000,
        "What a GraphQL query may cost: a point for each of its fields and each value in the "
        "answer, 10 for each resource, 500 for each search.",
    )
    allow_expunge: bool = setting(
        False, "Whether $expunge may remove old versions and deleted resources for good."
    )
    policies_need_approval: bool = setting(
        True, "Whether an access policy of one administrator takes effect when another approves it."
    )
    appointment_hold_minutes: int = setting(
        10, "How long Appointment/$hold keeps a time at most, before the hold ends by itself."
    )
    reminder_hours: str = setting(
        "24",
        "How many hours before an appointment its patient is reminded, with commas between several "
        "times; empty for no reminders.",
    )
    no_show_minutes: int = setting(
        120,
        "How long after the end of a booked appointment it is marked as noshow, if its patient "
        "hasn't been seen; 0 for never.",
    )
    waiting_offer_minutes: int = setting(
        1_440, "How long a time that has become free is kept for somebody on the waiting list."
    )
    reception: str | None = setting(
        None,
        "Who gets the Tasks of the reception, as a reference such as Organization/1.",
    )
    smtp_host: str | None = setting(
        None, "The mail server that takes messages; without it no email is sent."
    )
    smtp_port: int = setting(587, "Its port.")
    smtp_tls: str = setting(
        "starttls", "How the connection to it is encrypted: starttls, tls, or off."
    )
    smtp_user: str | None = setting(None, "The user name at the mail server.")
    smtp_password: str | None = setting(None, "The password at the mail server.", secret=True)
    smtp_from: str = setting("fhirserver@localhost", "The address that messages come from.")
    sms_url: str | None = setting(
        None, "The webhook of the SMS gateway; without it no SMS is sent."
    )
    sms_secret: str | None = setting(
        None, "What requests to the SMS gateway are signed with.", secret=True
    )
    break_glass_minutes: int = setting(
        60, "How long a clinician sees a whole record after $break-glass."
    )
    reauthentication_minutes: int = setting(
        5, "How long ago a user may have signed in who breaks the glass."
    )
    privacy_officer: str | None = setting(
        None,
        "Who is told of broken glass, as a reference such as Practitioner/1 or Organization/2.",
    )
    fhirpath_timeout_seconds: float = setting(
        2.0, "How long the FHIRPath expressions of one request may take; see $fhirpath."
    )
    fhirpath_max_steps: int = setting(
        1_000_000, "The most items that the loops of one FHIRPath expression may look at."
    )
    search_timeout_seconds: float = setting(20.0, "When a search is given up as too costly.")
    request_timeout_seconds: float = setting(
        300.0,
        "When a request of many parts, such as a batch, is given up: nothing more is begun after "
        "that. 0 is never.",
    )
    write_timeout_seconds: float = setting(120.0, "When a write or transaction is given up.")
    token_lifetime_seconds: int = setting(
        86_400, "How long a token of `fhirserver token` is valid."
    )
    site_name: str = setting(
        "Health records", "What the pages for signing in call the hospital or the system."
    )
    session_idle_seconds: int = setting(
        900, "When somebody who has signed in and does nothing has to sign in again."
    )
    session_absolute_seconds: int = setting(
        43_200, "When somebody who has signed in has to sign in again in any case."
    )
    sign_in_attempts: int = setting(
        10, "How often a wrong password may be given for a name before signing in to it pauses."
    )
    sign_in_attempts_per_address: int = setting(
        100, "How often signing in may fail from one network address before it pauses there."
    )
    sign_in_pause_seconds: int = setting(
        900, "Within which time such attempts are counted, and how long the pause is at most."
    )
    second_factor_roles: str = setting(
        "",
        "The roles, with commas between, whose users need a second factor to sign in, an "
        "authenticator app or a passkey; * is everyone.",
    )
    password_min_length: int = setting(8, "The fewest characters of a new password.")
    password_hashes_at_once: int = setting(
        2, "How many passwords one web process checks at once; each takes 46 MiB."
    )
    external_issuer: str | None = setting(
        None,
        "The OpenID Connect issuer whose accounts may sign in here, too, such as "
        "https://login.example/realms/hospital.",
    )
    external_client_id: str = setting("", "What this server is called there.")
    external_client_secret: str = setting(
        "",
        "Its secret there; without one it is a public client, which PKCE protects.",
        secret=True,
    )
    external_name: str = setting(
        "your hospital account", "What the button on the sign-in page calls it."
    )
    external_scope: str = setting("openid profile", "The scopes that are asked for there.")
    external_user_claim: str = setting(
        "preferred_username", "The claim that names a user who comes for the first time."
    )
    external_fhir_user_claim: str = setting(
        "fhirUser", "The claim that says which Practitioner, Patient or RelatedPerson a user is."
    )
    external_roles_claim: str = setting("groups", "The claim with the groups of a user.")
    external_roles: str = setting(
        "",
        "Which role a group stands for: GROUP=ROLE, with commas between several. Who is in none "
        "of them can't sign in.",
    )
    frame_origins: str = setting(
        "",
        "The origins, with spaces between, of electronic health records that may show our pages "
        "inside their own, such as https://ehr.example; it needs https.",
    )
    authorization_code_lifetime_seconds: int = setting(
        60, "How long an app may take to exchange an authorization code for a token."
    )
    access_token_lifetime_seconds: int = setting(
        3600, "How long an app's access token is valid; it can be refreshed after that."
    )
    backend_token_lifetime_seconds: int = setting(
        300, "How long the access token of a backend service is valid."
    )
    refresh_token_lifetime_seconds: int = setting(
        7_776_000, "How long an app may go on refreshing what a user granted it once: 90 days."
    )
    client_registration: str = setting(
        "off",
        "Who may register an app at /oauth/register: off, nobody; token, who has a token of "
        "`fhirserver client invite`; open, everybody, for apps that act for a user.",
    )
    max_clients: int = setting(
        10_000, "The most clients there may be; /oauth/register adds none beyond."
    )
    allow_local_addresses: bool = setting(
        False,
        "Whether a client's jwks_uri and a Subscription's endpoint may be http on this machine "
        "itself, for trying things out.",
    )
    reachable_inside: str = setting(
        "",
        "Hosts, addresses and networks inside the hospital that notifications of Subscriptions may "
        "go to, with commas between: hooks.ward.example, 10.1.0.0/16. They may be http.",
    )
    subscription_attempts: int = setting(
        12,
        "How often a notification is tried before its Subscription gets the status error; the "
        "pauses double up to an hour, so 12 are about an hour.",
    )
    subscription_timeout_seconds: float = setting(
        10.0, "How long the endpoint of a Subscription has to answer."
    )
    subscription_threads: int = setting(
        8, "To how many subscribers one worker process sends at once."
    )
    subscription_event_days: float = setting(
        30.0, "How long Subscription/$events can tell of an event again."
    )
    cors_origins: str = setting(
        "*",
        "The origins, with spaces between, whose pages may call the FHIR API and the token "
        "endpoint from a browser; * is all, as a token is needed anyway.",
    )
    page_link_lifetime_seconds: int = setting(3600, "How long the links of a search page work.")
    key_provider: str = setting(
        "file", "Who holds the master key: file, environment, aws-kms or vault."
    )
    key_file: Path | None = setting(
        None,
        "The file of the master key, for the provider file; DATA_DIR/keys/master.keys when not "
        "set. Made when it is first needed.",
    )
    master_keys: str | None = setting(
        None,
        "Master keys for the provider environment: 32 bytes in base64, the newest first, with "
        "commas between them.",
        secret=True,
    )
    kms_key_id: str | None = setting(
        None, "The key in AWS KMS, by id, ARN or alias. Credentials come as boto3 finds them."
    )
    kms_region: str | None = setting(None, "The AWS region of the key; as boto3 finds it.")
    kms_endpoint_url: str | None = setting(
        None, "Another address of AWS KMS, such as that of a private endpoint."
    )
    vault_url: str | None = setting(None, "The address of Vault, such as https://vault:8200.")
    vault_token_file: Path | None = setting(
        None,
        "The file with Vault's token, such as Vault Agent's sink; VAULT_TOKEN is used when not "
        "set.",
    )
    vault_mount: str = setting("transit", "Where Vault's transit engine is mounted.")
    vault_key: str = setting("fhirserver", "The name of the master key in Vault's transit engine.")
    vault_ca: Path | None = setting(
        None, "Who signs Vault's certificate (PEM), when it isn't a public authority."
    )
    audit_reads: str = setting(
        "buffered",
        "When an answer that changes nothing leaves: buffered, when its AuditEvent is in a file of "
        "this machine; strict, when it is in the database.",
    )
    audit_most_waiting: int = setting(
        100_000,
        "The most AuditEvents of one web process that wait for the database; then requests are "
        "refused.",
    )
    audit_retention_days: int = setting(
        2192, "After how many days AuditEvents are removed; 0 keeps them for ever."
    )
    audit_legal_hold: bool = setting(
        False,
        "Whether AuditEvents are kept although their time is over: for a court.",
    )
    audit_fail_open: bool = setting(
        False, "Whether requests are answered although their AuditEvents are lost. Leave it off."
    )
    encrypt_binaries: bool = setting(
        True, "Whether the data of Binary resources is stored encrypted, each with its own key."
    )
    seal_labels: str = setting(
        "",
        "Codes of confidentiality, such as V or V,R: resources with such a label are stored "
        "encrypted, and found only by identifier, patient, encounter and meta.",
    )
    blob_dir: Path | None = setting(
        None,
        "Where binary objects are kept, encrypted; all servers share it. DATA_DIR/blobs when not "
        "set.",
    )
    remote_terminology: str = setting(
        "",
        "Code systems that another terminology server answers for: SYSTEM=BASE, with commas "
        "between several.",
    )
    metrics_dir: Path | None = setting(
        None, "Where web processes share their metrics; set by `up` and `web` themselves."
    )
    log_level: str = setting("INFO", "The least severe log events that are written.")

    @property
    def websocket_address(self) -> str:
        """Where clients reach the websockets of live updates."""
        if self.base_url:
            base = urlsplit(self.base_url)
            scheme, host = base.scheme.replace("http", "ws"), base.netloc
        else:
            scheme = "ws" if self.tls_certificate is None else "wss"
            host = f"{self.host}:{self.live_port}"
        return self.websocket_url or f"{scheme}://{host}/push/subscriptions"

    @property
    def live_port(self) -> int:
        """The port of live updates."""
        return self.push_port or self.port + 1

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL, without a slash at its end."""
        scheme = "https" if self.tls_certificate else "http"
        return (self.base_url or f"{scheme}://{self.host}:{self.port}/fhir").rstrip("/")


def read(environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """The settings: defaults, then `FHIRSERVER_*` variables, then overrides that are not None.

    Raises InvalidSetting, naming the variable, for a value that can't be used.
    """
    source = os.environ if environment is None else environment  # noqa: TID251 - the one place
    hints = typing.get_type_hints(Settings)
    values: dict[str, object] = {}
    for item in dataclasses.fields(Settings):
        variable = f"FHIRSERVER_{item.name.upper()}"
        text = source.get(variable) or _in_file(f"{variable}_FILE", source)
        if text:
            values[item.name] = _convert(variable, text, hints[item.name])
    values.update({k: v for k, v in overrides.items() if v is not None})
    settings = Settings(**values)  # type: ignore[arg-type]
    for name, choices in CHOICES.items():
        if getattr(settings, name) not in choices:
            raise InvalidSetting(
                f"FHIRSERVER_{name.upper()}: {getattr(settings, name)!r} is none of "
                + ", ".join(choices)
            )
    unknown = set(settings.seal_labels.replace(",", " ").split()) - CONFIDENTIALITY
    if unknown:
        raise InvalidSetting(
            f"FHIRSERVER_SEAL_LABELS: {', '.join(sorted(unknown))} is no code of confidentiality "
            "such as V or R"
        )
    if not all(h.strip().isdecimal() for h in settings.reminder_hours.split(",") if h.strip()):
        raise InvalidSetting(
            "FHIRSERVER_REMINDER_HOURS: whole hours with commas between them, such as 48,2"
        )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise InvalidSetting("FHIRSERVER_TLS_CERTIFICATE and FHIRSERVER_TLS_KEY go together")
    if settings.tls_client_ca is not None and settings.tls_certificate is None:
        raise InvalidSetting("FHIRSERVER_TLS_CLIENT_CA needs FHIRSERVER_TLS_CERTIFICATE")
    try:
        ZoneInfo(settings.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidSetting(
            f"FHIRSERVER_TIME_ZONE: {settings.time_zone!r} is not a time zone such as Europe/Vienna"
        ) from error
    return settings


def variables(settings: Settings) -> dict[str, str]:
    """The environment from which `read` makes these settings in a child: ours, with them in it."""
    ours = {
        f"FHIRSERVER_{f.name.upper()}": getattr(settings, f.name)
        for f in dataclasses.fields(Settings)
    }
    others = {k: v for k, v in os.environ.items() if k not in ours}  # noqa: TID251 - as above
    return others | {k: str(v) for k, v in ours.items() if v is not None}


def _in_file(variable: str, source: Mapping[str, str]) -> str:
    """The value in the file that a variable names: how containers are given secrets."""
    if not source.get(variable):
        return ""
    try:
        return Path(source[variable]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{variable}: {source[variable]} can't be read") from error


def _convert(variable: str, text: str, hint: typing.Any) -> object:
    if isinstance(hint, types.UnionType):
        hint = next(h for h in typing.get_args(hint) if h is not types.NoneType)
    try:
        return _BOOLEAN[text.lower()] if hint is bool else hint(text)
    except (ValueError, KeyError) as error:
        raise InvalidSetting(f"{variable}: {text!r} is not {_NOUN.get(hint, 'usable')}") from error


_BOOLEAN = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NOUN = {int: "a whole number", float: "a number", bool: "true or false"}
