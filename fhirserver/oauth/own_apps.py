"""The hospital's own apps as clients: registered from what was built, and kept up to date.

They are public clients: what runs in a browser keeps no secret. Codes go to their address here and
nowhere else. https://hl7.org/fhir/smart-app-launch/app-launch.html#register-app-with-ehr
"""

from __future__ import annotations

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


def register(database: Database, settings: Settings, built: Path | None = None) -> list[str]:
    """Register the apps that were built, as often as one likes; returns the names that changed.

    Raises Invalid for an app whose scopes can't be enforced, or whose client_id is in use.
    """
    place = built or front_end.folder()
    if place is None:
        return []
    wanted = [(app, client_of(app, settings)) for app in front_end.apps(place)]
    changed = []
    for app, client in wanted:
        with database.transaction() as connection:
            is_changed = keep_own_app(connection, client)
        if is_changed:
            changed.append(app.name)
            continue
        held = client_by_id(database, client.id)
        if held is None or held.own_app is None:
            raise Invalid(
                f"the app {app.name} can't be registered: there is a client {client.id!r} already "
                "that is none of ours"
            )
    return changed


def missing(database: Database, settings: Settings, built: Path) -> list[str]:
    """The apps that were built and aren't registered as they should be."""
    found = []
    for app in front_end.apps(built):
        held, wanted = client_by_id(database, app.client_id), client_of(app, settings)
        if held is None or _kept(held) != _kept(wanted):
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
