"""All addresses below `/admin`."""

from __future__ import annotations

from flask import Blueprint

from fhirserver.web.administration import (
    audit,
    clients,
    jobs,
    keys,
    policies,
    settings,
    subscriptions,
    users,
    ways_in,
)
from fhirserver.web.administration.admission import Desk


def blueprint(desk: Desk) -> Blueprint:
    """The addresses of a desk."""
    admin = Blueprint("admin", __name__, url_prefix="/admin")
    for part in (users, ways_in, clients, policies, keys, audit, settings, jobs, subscriptions):
        part.add_to(admin, desk)
    return admin
