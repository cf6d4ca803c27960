"""What every request passes, whoever answers it: the FHIR API directly, or Flask for all the rest.

A short FHIR request spends a quarter of its time in Flask's routing, contexts and signals, which it
has no need of: its address is resolved by interactions/routing.py. So `/fhir` is answered in front
of Flask, by the same stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, cast

from flask import Flask, Request, Response
from flask import request as of_flask

from fhirserver.web import errors

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BASE: Final = "/fhir"


class Stage(Protocol):
    """Sees every request on its way in, and every response on its way out."""

    def arrive(self, request: Request) -> Response | None:
        """Answer instead of whoever would; may raise a FhirError."""
        ...

    def leave(self, request: Request, response: Response) -> None:
        """Add to a response, be it a success or not."""
        ...


def pass_through(app: Flask, stages: Sequence[Stage]) -> None:
    """Let the requests that Flask answers pass these stages, in their order, and out in reverse."""
    for stage in stages:
        _add(app, stage)


def _add(app: Flask, stage: Stage) -> None:
    def leave(response: Response) -> Response:
        stage.leave(of_flask, response)
        return response

    app.before_request(lambda: stage.arrive(of_flask))
    app.after_request(leave)


class Front:
    """A WSGI application: the FHIR API, and behind it Flask. https://peps.python.org/pep-3333/"""

    def __init__(
        self,
        app: Flask,
        stages: Sequence[Stage],
        serve: Callable[[Request], Response],
    ) -> None:
        self._flask: WSGIApplication = app.wsgi_app
        # The pages of Flask below the base, such as openapi.json, come before the API's addresses.
        self._pages = frozenset(
            rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(BASE)
        )
        self._stages = tuple(stages)
        self._serve = serve

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        is_below = path.startswith(f"{BASE}/") or path == BASE
        if not is_below or path in self._pages:
            return self._flask(environ, start_response)
        request = Request(environ)
        response = self._answered(request)
        for stage in reversed(self._stages):
            stage.leave(request, response)
        return _sent(response, environ, start_response)

    def _answered(self, request: Request) -> Response:
        try:
            for stage in self._stages:
                if (answer := stage.arrive(request)) is not None:
                    return answer
            return self._serve(request)
        except Exception as error:  # noqa: BLE001 - every failure is an OperationOutcome
            return errors.answer_to(error, request)


_BODILESS: Final = frozenset([204, 304])
_LEAST_FINAL: Final = 200


def _sent(
    response: Response, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """A response; of one with a whole body and no address in its headers nothing has to be mended.

    Werkzeug would look through the headers three times for what it could.
    """
    headers, body, status = response.headers, response.response, response.status_code
    if (
        isinstance(body, list)
        and environ["REQUEST_METHOD"] != "HEAD"
        and status >= _LEAST_FINAL
        and status not in _BODILESS
        and "Content-Length" in headers
        and "Location" not in headers
        and "Content-Location" not in headers
    ):
        start_response(response.status, headers.to_wsgi_list())
        return cast("list[bytes]", body)
    return response(environ, start_response)
