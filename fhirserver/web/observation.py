"""What the operator sees of each request: a log line and metrics, without patient data.

https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import logging
import time
from functools import cache

from flask import Blueprint, Request, Response
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

from fhirserver.request_id import give, is_name, request_id
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


_STARTED = "fhirserver.started"
# Finding them by their labels takes as long as counting.
_count = cache(REQUESTS.labels)
_duration = cache(DURATION.labels)


class Observation:
    """A stage that gives every request an id, and counts, times and logs it."""

    def arrive(self, request: Request) -> None:
        give(request.environ)
        request.environ[_STARTED] = time.perf_counter()

    def leave(self, request: Request, response: Response) -> None:
        environ = request.environ
        seconds = time.perf_counter() - environ[_STARTED]
        interaction = environ.get("fhirserver.interaction", "other")
        resource_type = environ.get("fhirserver.type") or ""
        id_ = request_id(request.environ)
        response.headers["X-Request-Id"] = id_
        correlation = environ.get("HTTP_X_CORRELATION_ID", "")
        if is_name(correlation):
            response.headers["X-Correlation-Id"] = correlation
        _count(interaction, resource_type, response.status_code).inc()
        _duration(interaction).observe(seconds)
        log.info(
            "request",
            extra={
                "request_id": id_,
                "method": request.method,
                "interaction": interaction,
                "type": resource_type,
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 1),
            },
        )


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
