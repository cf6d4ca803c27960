"""A blocking FHIR client with one keep-alive connection, which tells lost answers from refusals."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

Resource = dict[str, Any]
JSON: Final = "application/fhir+json"


class Lost(Exception):
    """The connection broke: nobody knows whether the request took effect."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Resource:
        parsed: Resource = json.loads(self.body)
        return parsed

    @property
    def is_acknowledged(self) -> bool:
        return 200 <= self.status < 300

    @property
    def version(self) -> int:
        """The number in the ETag."""
        return int(self.headers["etag"].removeprefix('W/"').removesuffix('"'))

    @property
    def says(self) -> str:
        """Why it was refused, in short."""
        try:
            issue = self.json["issue"][0]
        except (ValueError, KeyError, IndexError, TypeError):
            return self.body[:200].decode(errors="replace")
        return str(issue.get("diagnostics") or issue.get("details", {}).get("text") or issue)


class Client:
    """Sends one request after the other; opens its connection again when it was lost."""

    def __init__(self, port: int, token: str, *, timeout_seconds: float = 60.0) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "Accept": JSON}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def send(
        self, method: str, path: str, body: Resource | bytes | None = None, **headers: str
    ) -> Answer:
        """Send to an address below the base, or to a full one; raises Lost without an answer.

        A header If-Match is the argument `if_match`.
        """
        if path.startswith("http"):
            url = urlsplit(path)
            where = f"{url.path}?{url.query}" if url.query else url.path
        else:
            where = f"/fhir/{path}" if path else "/fhir"
        sent = self._headers | {k.replace("_", "-"): v for k, v in headers.items()}
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        if data is not None:
            sent.setdefault("Content-Type", JSON)
        try:
            self._connection.request(method, where, data, sent)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Lost(f"{type(error).__name__}: {error}") from error
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)

    def all_pages(self, path: str) -> list[Resource]:
        """The entries of a search or history, page after page."""
        entries: list[Resource] = []
        while path:
            answer = self.send("GET", path)
            if answer.status != 200:
                raise AssertionError(f"{answer.status}: {answer.says}")
            page = answer.json
            entries += page.get("entry", [])
            path = next((x["url"] for x in page["link"] if x["relation"] == "next"), "")
        return entries
