"""Whether the process lives and whether it can work: `/livez` and `/readyz`."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify

from fhirserver.errors import FhirError
from fhirserver.storage.database import Database

log = logging.getLogger(__name__)


def blueprint(database: Database) -> Blueprint:
    """The health addresses, which need no token."""
    health = Blueprint("health", __name__)

    @health.get("/livez")
    def live() -> Response:
        return jsonify(status="ok")

    @health.get("/readyz")
    def ready() -> tuple[Response, int]:
        try:
            database.read("SELECT 1")
        except FhirError:
            log.warning("not_ready", extra={"part": "database"})
            return jsonify(status="unavailable", part="database"), 503
        return jsonify(status="ok"), 200

    return health
