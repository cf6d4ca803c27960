"""Flask without what no request of ours needs: it is asked for many times in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter


class Application(Flask):
    """A Flask application whose views are plain functions and that has no name of its own."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        return None if request is None else super().create_url_adapter(request)
