"""The smallest application that `fhirserver web` can serve."""

import os

from flask import Flask


def application() -> Flask:
    app = Flask("tiny")
    app.add_url_rule("/livez", "livez", lambda: {"pid": os.getpid()})
    app.add_url_rule("/database", "database", lambda: os.environ["FHIRSERVER_DATABASE_URL"])
    app.add_url_rule("/exit", "exit", lambda: os._exit(3))
    return app
