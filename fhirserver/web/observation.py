"""What the operator sees of each request: a log line and metrics, without patient data.

https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import logging
import re
import time

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.registry import Collector

from fhirserver import ids
from fhirserver.settings import Settings

log = logging.getLogger(__name__)

REQUESTS = Counter(
    "fhirserver_requests_total", "Requests answered.", ["interaction", "type", "status"]
)
DURATION = Histogram(
    "fhirserver_request_seconds",
    "How long an answer took.",
    ["interaction"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")


def observe(app: Flask) -> None:
    """Give every request an id, and count, time and log it."""

    @app.before_request
    def begin() -> None:
        # The environment itself: a request wraps each of these anew, at ten times the cost.
        given = request.environ.get("HTTP_X_REQUEST_ID", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else ids.new()
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        interaction = request.environ.get("fhirserver.interaction", "other")
        resource_type = request.environ.get("fhirserver.type") or ""
        response.headers["X-Request-Id"] = g.request_id
        correlation = request.headers.get("X-Correlation-Id", "")
        if _REQUEST_ID.fullmatch(correlation):
            response.headers["X-Correlation-Id"] = correlation
        REQUESTS.labels(interaction, resource_type, response.status_code).inc()
        DURATION.labels(interaction).observe(seconds)
        log.info(
            "request",
            extra={
                "request_id": g.request_id,
                "method": request.method,
                "interaction": interaction,
                "type": resource_type,
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 1),
            },
        )
        return response


def metrics(settings: Settings, *more: Collector) -> Blueprint:
    """`/metrics`: the figures of all web processes of this server, and what `more` collect."""
    blueprint = Blueprint("metrics", __name__)
    others = CollectorRegistry()
    for collector in more:
        others.register(collector)

    @blueprint.get("/metrics")
    def show() -> Response:
        registry = CollectorRegistry()
        if settings.metrics_dir is None:
            registry = REGISTRY
        else:
            multiprocess.MultiProcessCollector(registry, str(settings.metrics_dir))  # type: ignore[no-untyped-call]
        text = generate_latest(registry) + generate_latest(others)
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return blueprint
