"""The composition root: settings in, a WSGI application out."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable

from cryptography.fernet import Fernet, InvalidToken
from flask import Flask

from fhirserver import gateways, logs
from fhirserver import settings as settings_module
from fhirserver.audit.chain import chain_keys
from fhirserver.audit.recorder import Recorder
from fhirserver.blobs import Blobs
from fhirserver.engine import Engine, Seals
from fhirserver.errors import Invalid
from fhirserver.garbage import settled
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.keys import opening
from fhirserver.keys.keyring import Keyring
from fhirserver.keys.sealer import Sealer
from fhirserver.oauth import administered, apps, endpoints, launch, launching, pages
from fhirserver.oauth.cds_clients import CdsClients, is_jwt
from fhirserver.oauth.client_keys import ClientKeys
from fhirserver.oauth.own_rights import own_rights
from fhirserver.oauth.pinned_fetch import PinnedFetch
from fhirserver.oauth.recording import Record
from fhirserver.oauth.signing import Signing
from fhirserver.oauth.signing_in import blueprints as signing_in
from fhirserver.oauth.signing_in.limits import Limits as SignInLimits
from fhirserver.oauth.signing_in.passwords import Passwords, check_new
from fhirserver.objects import open_files
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.keys import KeyTables
from fhirserver.storage.secrets import shared_key
from fhirserver.terminology.remote import RemoteDictionaries
from fhirserver.web import fhir, health, observation
from fhirserver.web.administration import blueprint as administration
from fhirserver.web.administration.admission import Clerk, Desk
from fhirserver.web.apps import blueprint as front_end
from fhirserver.web.apps import me
from fhirserver.web.authentication import AccessOf, Authenticator
from fhirserver.web.cds import blueprint as cds
from fhirserver.web.cors import Sharing
from fhirserver.web.errors import handle_errors
from fhirserver.web.image_metrics import ImageMetrics
from fhirserver.web.message_metrics import MessageMetrics
from fhirserver.web.openapi import address as openapi
from fhirserver.web.protection.gate import Gate, Guard
from fhirserver.web.protection.limits import Limits
from fhirserver.web.push.application import Push
from fhirserver.web.queue_metrics import QueueMetrics
from fhirserver.web.stages import Front, pass_through


def create_app(settings: Settings | None = None, *, hands_over: bool = False) -> Flask:
    """The web application of a server whose database is there and migrated.

    With `hands_over` a process of its own writes the record of what was read: it takes its settings
    from the environment.
    """
    settings = settings or settings_module.read()
    logs.configure(settings.log_level)
    database = open_database(settings)
    recorder = Recorder(settings, database, hands_over=hands_over)
    recorder.buffer.start()
    engine = open_engine(settings, database, recorder)
    app = Flask("fhirserver", static_folder=None)
    app.extensions["fhirserver"] = engine
    app.extensions["fhirserver.audit"] = recorder
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    limits = app.extensions["limits"] = Limits(settings)
    stages = (observation.Observation(), Sharing(settings), Guard(limits))
    pass_through(app, stages)
    handle_errors(app)
    sealer = Sealer(open_keyring(settings, database))
    pages.set_up(app, database, settings, lambda: shared_key(database, sealer, "forms"))
    record = Record(recorder.add)
    for pages_of in signing_in.blueprints(database, settings, sealer, record):
        app.register_blueprint(pages_of)
    allowed = access_of(engine)
    rights = own_rights(database, allowed)
    app.register_blueprint(launch.blueprint(engine, rights))
    app.register_blueprint(apps.blueprint(engine, rights))
    able = tuple(c for g in gateways.parts("web") for c in getattr(g, "SMART_CAPABILITIES", ()))
    signing = Signing(database, sealer)
    for protocol in endpoints.blueprints(engine, signing, rights, record, able):
        app.register_blueprint(protocol)
    authenticator = Authenticator(database, allowed)
    blobs = open_blobs(settings, database)
    hashing = Passwords(settings.password_hashes_at_once)

    def first_password(password: str, about: tuple[str, ...]) -> str:
        check_new(password, shortest=settings.password_min_length, about=about)
        return hashing.hashed(password)

    app.register_blueprint(launching.blueprint(engine, authenticator.principal, recorder.add))
    attempts = SignInLimits(database, settings)
    fetch = PinnedFetch(allow_loopback=settings.allow_local_addresses)
    clerk = Clerk(
        lambda asked: administered.client_of(asked, engine.context, fetch),
        lambda asked: administered.scope_of(asked, engine.context),
        lambda forget_old: signing.rotate(forget_old=forget_old),
        lambda: chain_keys(database, sealer),
        lambda account: attempts.paused_until(account.name, account.id),
        lambda account: attempts.forget(account.name, account.id),
    )
    desk = Desk(engine, recorder, authenticator.principal, first_password, limits, clerk)
    app.register_blueprint(administration.blueprint(desk))
    for gateway in gateways.parts("web"):
        for part in gateway.blueprints(desk):
            app.register_blueprint(part)
    app.register_blueprint(
        cds.blueprint(
            cds.Desk(
                engine,
                recorder,
                authenticator.principal,
                CdsClients(database, ClientKeys(fetch)),
                is_jwt,
                limits,
            )
        )
    )
    app.register_blueprint(front_end.blueprint(settings))
    app.register_blueprint(me.blueprint(database, authenticator.principal))
    app.register_blueprint(openapi.blueprint(engine))
    app.register_blueprint(health.blueprint(database))
    gauges = QueueMetrics(database), MessageMetrics(database), ImageMetrics(database)
    app.register_blueprint(observation.metrics(settings, *gauges))
    front = Front(app, stages, fhir.api(engine, authenticator, limits, blobs))
    app.wsgi_app = Gate(front, settings)  # type: ignore[method-assign]
    return app


def serving() -> Flask:
    """The web application of a process that does nothing else."""
    app = create_app(hands_over=True)
    settled()
    return app


def create_push() -> Push:
    """The ASGI application of live updates."""
    settings = settings_module.read()
    logs.configure(settings.log_level)
    database = open_database(settings)
    recorder = Recorder(settings, database)
    recorder.buffer.start()
    engine = open_engine(settings, database, recorder)
    return Push(engine, recorder, Authenticator(database, access_of(engine)))


def access_of(engine: Engine) -> AccessOf:
    """What each caller may do: policies and scopes."""
    ctx = engine.context
    return Entitlements(ctx.store.database, ctx.added, ctx.site).access


def open_database(settings: Settings) -> Database:
    """The database that the settings name."""
    assert settings.database_url is not None
    return Database(
        settings.database_url,
        search_timeout_seconds=settings.search_timeout_seconds,
        write_timeout_seconds=settings.write_timeout_seconds,
    )


def open_keyring(settings: Settings, database: Database) -> Keyring:
    """The keys of a database, under the master key that the settings name."""
    return opening.keyring(settings, KeyTables(database))


def open_blobs(settings: Settings, database: Database) -> Blobs:
    """The binary objects of a server."""
    return Blobs(database, open_keyring(settings, database), open_files(settings, "blobs"))


def open_engine(settings: Settings, database: Database, recorder: Recorder | None = None) -> Engine:
    """A FHIR server on a database; with a recorder it keeps AuditEvents."""
    sealer = Sealer(open_keyring(settings, database))
    return Engine(
        settings,
        database,
        seals(
            lambda: shared_key(database, sealer, "page-links"),
            settings.page_link_lifetime_seconds,
        ),
        [remote] if (remote := remote_dictionaries(settings.remote_terminology)) else [],
        recorder,
        functools.partial(engine_again, settings),
    )


def engine_again(settings: Settings) -> Engine:
    """The same server for the server's own work in another process."""
    return open_engine(settings, open_database(settings))


def remote_dictionaries(setting: str) -> RemoteDictionaries | None:
    """The code systems that other servers answer for, from `SYSTEM=BASE,SYSTEM=BASE`."""
    if not setting.strip():
        return None
    # An HTTP client isn't loaded by those who need none.
    from fhirserver.remote import RemoteServer  # noqa: PLC0415

    servers: dict[str, RemoteServer] = {}
    for part in setting.split(","):
        system, _, base = part.strip().rpartition("=")
        if not system or not base.startswith(("http://", "https://")):
            raise settings_module.InvalidSetting(
                f"FHIRSERVER_REMOTE_TERMINOLOGY: {part.strip()!r} is not "
                "SYSTEM=BASE, such as http://snomed.info/sct=https://terminology.example/fhir"
            )
        servers[system] = RemoteServer(base)
    return RemoteDictionaries(servers)


def _canonical(token: str) -> str:
    """One page has one link: base64 would take others for the same bytes."""
    if base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)).decode() != token:
        raise InvalidToken
    return token


def seals(key: Callable[[], bytes], lifetime_seconds: int) -> Seals:
    """Authenticated encryption with a time limit, for page links.

    The key is asked for by the first page: commands that make none need no master key.
    """

    @functools.cache
    def fernet() -> Fernet:
        return Fernet(base64.urlsafe_b64encode(key()))

    def unseal(token: str) -> bytes:
        try:
            return fernet().decrypt(_canonical(token), ttl=lifetime_seconds)
        except (InvalidToken, ValueError) as error:
            raise Invalid("the page link is not ours or too old: start the search again") from error

    return Seals(lambda data: fernet().encrypt(data).decode(), unseal)
