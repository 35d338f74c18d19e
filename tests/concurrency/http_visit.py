"""A visit over real HTTP that survives the death of the server, as the hosted page does."""

import http.client
import http.cookiejar
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.browser.live_service import LiveService

FRAMES_PER_BATCH = 4
# As often as the page asks while it waits for a verdict.
POLL_SECONDS = 0.5


class ServerLostError(Exception):
    """The connection broke: the server is gone."""


@dataclass
class HttpVisit:
    """One browser on the hosted page; frames come from a stock of pictures."""

    service: LiveService
    pictures: Sequence[bytes]
    page: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    sent: int = 0

    def __post_init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)

    def open(self, link: str) -> None:
        text = self._request(link).decode()
        found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.DOTALL)
        assert found, text
        self.page = json.loads(found[1])
        self.status = self.page["status"]

    def step(self) -> bool:
        """Do the next thing that the page would do; False when the session has its outcome."""
        outcome = self.status["outcome"]
        if outcome is not None and outcome["result"] != "retry":
            return False
        if self.status["phase"] == "consent":
            self._post("consent", {"accepted": True, "textHash": self.page["consent"]["textHash"]})
        elif outcome is not None or self.status["phase"] == "ready":
            self._post("start", {})
        elif self.status["phase"] == "checking":
            threading.Event().wait(POLL_SECONDS)
            self.look()
        else:
            self._send_frames()
        return True

    def look(self) -> None:
        """Ask where the session stands, as the page does after a lost connection."""
        self.status = json.loads(self._request(self._url("status"), headers=self._headers()))

    def _url(self, name: str) -> str:
        return self.service.url + str(self.page["urls"][name])

    def _headers(self) -> dict[str, str]:
        return {"X-Visavis-Page": self.page["token"]}

    def _post(self, name: str, body: dict[str, Any]) -> None:
        headers = self._headers() | {"Content-Type": "application/json"}
        self.status = json.loads(self._request(self._url(name), json.dumps(body).encode(), headers))

    def _send_frames(self) -> None:
        first = self.status["nextFrame"]
        numbers = range(first, first + FRAMES_PER_BATCH)
        meta = {"attempt": self.status["attempt"], "first": first, "clientMs": [n * 100.0 for n in numbers]}
        boundary = uuid4().hex
        parts = [_part(boundary, 'name="meta"', json.dumps(meta).encode())]
        for _ in numbers:
            picture = self.pictures[self.sent % len(self.pictures)]
            parts.append(_part(boundary, 'name="frame"; filename="f.jpg"', picture))
            self.sent += 1
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        headers = self._headers() | {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        self.status = json.loads(self._request(self._url("frames"), body, headers))

    def _request(self, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        request = urllib.request.Request(url, body, headers or {})
        try:
            with self._browser.open(request, timeout=20) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.code} {error.read().decode()}") from None
        except (OSError, http.client.HTTPException) as error:  # the latter in the middle of an answer
            raise ServerLostError from error


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    return (
        f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"
    )
