"""A small SMART app on loopback, made of fhirclient and nothing else: the pages lie beside this."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).parent
KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class App:
    """Where it runs; `origin` is another one than the server's, so that CORS matters."""

    origin: str

    @property
    def launch_uri(self) -> str:
        return f"{self.origin}/launch.html"

    @property
    def redirect_uri(self) -> str:
        return f"{self.origin}/index.html"


@contextlib.contextmanager
def serving(client_bundle: bytes) -> Iterator[App]:
    """The app while the block lasts."""
    files = {
        f"/{p.name}": (p.read_bytes(), KINDS[p.suffix])
        for p in FOLDER.iterdir()
        if p.suffix in KINDS
    }
    files["/fhir-client.js"] = (client_bundle, KINDS[".js"])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, kind = files.get(self.path.partition("?")[0], (b"", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield App(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
