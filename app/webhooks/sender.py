"""One try: a POST that follows nothing, waits for nobody and reads little."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore

from app.webhooks.address_guard import ForbiddenAddressError, GuardedBackend

CONNECT_TIMEOUT_S, READ_TIMEOUT_S, TOTAL_TIMEOUT_S = 5.0, 10.0, 15.0
# The answer's status is all that counts; a receiver that sends more is hung up on.
MAX_ANSWER_BYTES = 64 * 1024
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a try ended."""

    status: int | None
    """HTTP status; None without an answer."""
    error: str | None
    duration_ms: float

    @property
    def accepted(self) -> bool:
        """True when the receiver has taken the message."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


Send = Callable[[str, bytes, Mapping[str, str]], Attempt]


class Sender:
    """Sends over HTTPS to public addresses; `allow_private` opens loopback and http for development."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        backend: httpcore.NetworkBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_private = allow_private
        self._backend = backend or (httpcore.SyncBackend() if allow_private else GuardedBackend())
        self._clock = clock

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Try once; never raises for what the receiver or the network does."""
        began = self._clock()
        status, error = None, None
        try:
            self._check(url)
            status = self._post(url, body, headers, began + TOTAL_TIMEOUT_S)
            error = _complaint(status)
        except ForbiddenAddressError as forbidden:
            error = str(forbidden)
        except (httpcore.TimeoutException, TimeoutError):
            error = "no answer in time"
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as failure:
            error = f"{type(failure).__name__}: {failure}"[:200]
        except (OSError, ValueError) as failure:
            error = f"{type(failure).__name__}"
        return Attempt(status, error, (self._clock() - began) * 1000)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not self._allow_private:
            raise ForbiddenAddressError("the receiver's address must be https")
        if parts.username or parts.password or not parts.hostname:
            raise ForbiddenAddressError("the receiver's address has no plain host name")

    def _post(self, url: str, body: bytes, headers: Mapping[str, str], deadline: float) -> int:
        timeouts = {
            "connect": CONNECT_TIMEOUT_S,
            "read": READ_TIMEOUT_S,
            "write": READ_TIMEOUT_S,
            "pool": CONNECT_TIMEOUT_S,
        }
        with (
            httpcore.ConnectionPool(network_backend=self._backend, max_connections=1) as pool,
            pool.stream(
                "POST",
                url,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            read = 0
            for chunk in response.iter_stream():
                read += len(chunk)
                if read > MAX_ANSWER_BYTES:
                    break
                if self._clock() > deadline:
                    raise TimeoutError
            return response.status


def _complaint(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return "answered with a redirect, which is not followed" if 300 <= status < 400 else f"answered {status}"
