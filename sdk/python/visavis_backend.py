"""What else a relying site's server does: check a webhook, redeem a result code.

One file beside `visavis_client.py`, standard library only.

    event = verify_webhook(request.headers, request.get_data(), secrets=[WEBHOOK_SECRET])
    answer = redeem_result_code("https://verify.example.org", API_KEY, result)
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from visavis_client import VerifiedResult

__all__ = ["RedeemRefused", "WebhookRefused", "redeem_result_code", "verify_webhook"]

SECRET_PREFIX = "whsec_"  # noqa: S105 -- the public part
MAX_ANSWER_BYTES = 1_000_000
REDEEM_PATH = "/v1/verification/redeem-result-code"

_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")
# A full stop separates what is signed, so that an id with one in it could be read in two ways.
_MESSAGE_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,256}")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class WebhookRefused(Exception):
    """The webhook must not be believed; `reason` is `bad_header`, `stale`, `bad_signature` or `bad_body`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RedeemRefused(Exception):
    """The code was not redeemed; `status` is the HTTP status, 0 when there was no usable answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{detail} (status {status})")
        self.status = status


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: str | Sequence[str],
    tolerance: float = 300,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the event, once signature and time are right (Standard Webhooks 1.0).

    `body` is the raw request body, as nothing else is signed. `secrets` are the endpoint's, each
    `whsec_` and Base64, two while rotating. `tolerance` is in seconds, both ways. A webhook may come
    twice: remember `webhook-id` for as long. Raises `WebhookRefused`.
    """
    keys = [_key_of(secret) for secret in ([secrets] if isinstance(secrets, str) else list(secrets))]
    if not keys:
        raise ValueError("secrets: at least one")
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not _MESSAGE_ID.fullmatch(message_id) or not _UNIX_SECONDS.fullmatch(timestamp):
        raise WebhookRefused("bad_header")
    message = f"{message_id}.{timestamp}.".encode() + body
    if not _is_signed(message, given.get("webhook-signature", ""), keys):
        raise WebhookRefused("bad_signature")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise WebhookRefused("stale")
    return _read_event(body)


def redeem_result_code(
    base_url: str,
    api_key: str,
    result: VerifiedResult,
    *,
    expected_nonce: str | None = None,
    timeout: float = 10,
) -> dict[str, Any]:
    """Trade the single-use code of a verified result for the result itself.

    `result` comes from `verify_result(..., max_age=None)`: a code travels without time and nonce, and
    lives for a minute. `expected_nonce` is compared with the answer's, as `verify_result` does it.
    Raises `RedeemRefused` for whatever is not a good answer, `ValueError` for a wrong call.
    """
    _check_address(base_url, api_key)
    if result.result_code is None or result.session_id is None:
        raise ValueError("result: holds no result code")
    wish = {"verificationSessionId": result.session_id, "resultCode": result.result_code}
    answer = _post(base_url.rstrip("/") + REDEEM_PATH, api_key, wish, timeout)
    if answer.get("verificationSessionId") != result.session_id:
        raise RedeemRefused(200, "the answer is about another session")
    if expected_nonce is not None and not _same_nonce(answer.get("nonce"), expected_nonce):
        raise RedeemRefused(200, "the answer to another link")
    return answer


def _key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not key:
        raise ValueError("secrets: each must be whsec_ followed by Base64")
    return key


def _is_signed(message: bytes, header: str, keys: Sequence[bytes]) -> bool:
    expected = [_sign(key, message) for key in keys]
    given = [part.encode("utf-8", "surrogatepass") for part in header.split(" ") if part.startswith("v1,")]
    # Every pair is compared, so that the time taken does not tell which one matched.
    return any([hmac.compare_digest(one, other) for one in expected for other in given])


def _sign(key: bytes, message: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.new(key, message, "sha256").digest())


def _read_event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise WebhookRefused("bad_body")
    return event


def _check_address(base_url: str, api_key: str) -> None:
    parts = urlsplit(base_url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("base_url: must begin with https://, as an API key travels with it")
    if not _VISIBLE_ASCII.fullmatch(api_key):
        raise ValueError("api_key: must be visible ASCII")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """An API key is not carried to wherever an answer points."""


def _post(url: str, api_key: str, wish: Mapping[str, str], timeout: float) -> dict[str, Any]:
    headers = {"Authorization": f"ApiKey {api_key}", "Content-Type": "application/json"}
    headers["Accept"] = "application/json"
    request = urllib.request.Request(url, json.dumps(wish).encode(), headers, method="POST")  # noqa: S310 -- checked
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as response:
            answer = json.loads(response.read(MAX_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            raise RedeemRefused(error.code, "the service refused") from None
    except (OSError, ValueError) as error:
        raise RedeemRefused(0, f"no usable answer: {type(error).__name__}") from None
    if not isinstance(answer, dict):
        raise RedeemRefused(0, "no usable answer: not an object")
    return answer


def _same_nonce(nonce: object, expected: str) -> bool:
    given = nonce if isinstance(nonce, str) else ""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
