"""The hospital's own apps as clients: registered from what was built, and kept up to date.

They are public clients: what runs in a browser keeps no secret. Codes go to their address here and
nowhere else. https://hl7.org/fhir/smart-app-launch/app-launch.html#register-app-with-ehr
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver import front_end
from fhirserver.access.enforcement import check
from fhirserver.access.scopes import scopes, words
from fhirserver.errors import Invalid
from fhirserver.front_end import OwnApp
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.storage.clients import Client, client_by_id, keep_own_app
from fhirserver.storage.database import Database


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of registering: the apps that changed, and why others couldn't be registered."""

    changed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def register(database: Database, settings: Settings, built: Path | None = None) -> Registered:
    """Register the apps that were built, as often as one likes.

    One that can't be, because of its scopes or because its client_id is in use, keeps nobody from
    starting a server with the others.
    """
    place = built or front_end.folder()
    try:
        apps = () if place is None else front_end.apps(place)
    except Invalid as error:
        return Registered(refused=(str(error),))
    changed, refused = [], []
    for app in apps:
        try:
            if _is_changed(database, client_of(app, settings)):
                changed.append(app.name)
        except Invalid as error:
            refused.append(str(error))
    return Registered(tuple(changed), tuple(refused))


def _is_changed(database: Database, client: Client) -> bool:
    """Store a client; whether that changed anything. Raises Invalid for one of somebody else."""
    with database.transaction() as connection:
        is_changed = keep_own_app(connection, client)
    held = client_by_id(database, client.id)
    if held is None or held.own_app is None:
        raise Invalid(
            f"the app {client.own_app}: there is a client {client.id!r} already that is none of "
            "ours"
        )
    return is_changed


def missing(database: Database, settings: Settings, built: Path) -> list[str]:
    """The apps that were built and aren't registered as they should be."""
    found = []
    for app in front_end.apps(built):
        held = client_by_id(database, app.client_id)
        try:
            is_right = held is not None and _kept(held) == _kept(client_of(app, settings))
        except Invalid:
            is_right = False
        if not is_right:
            found.append(app.name)
    return found


def client_of(app: OwnApp, settings: Settings) -> Client:
    """The client that an app is. Raises Invalid."""
    try:
        asked = scopes(app.scope)
        check(asked, base_parameters(), site_of(settings))
    except Invalid as error:
        raise Invalid(f"the app {app.name}: {error}") from error
    if any(scope.context == "system" for scope in asked):
        raise Invalid(f"the app {app.name}: system/ scopes are for backend services")
    address = f"{settings.root}/apps/{app.name}/"
    return Client(
        id=app.client_id,
        name=app.title,
        kind="public",
        redirect_uris=(address,),
        scope=" ".join(words(app.scope)),
        launch_uri=address,
        is_trusted=True,
        own_app=app.name,
    )


def _kept(client: Client) -> tuple[object, ...]:
    return (
        client.name, client.kind, client.redirect_uris, client.grant_types, client.scope,
        client.launch_uri, client.own_app,
    )  # fmt: skip
