"""The server with an address that says what reached it, for test_smuggling."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from fhirserver.app import create_app


def create() -> Flask:
    app = create_app()

    @app.route("/reached", methods=["GET", "POST"])
    def reached() -> Response:
        return jsonify(
            address=request.remote_addr,
            host=request.host,
            scheme=request.scheme,
            headers=sorted(k for k in request.environ if k.startswith("HTTP_")),
            body=request.get_data(as_text=True),
        )

    return app
