"""What is sent: a body of ids without personal data, signed as Standard Webhooks says."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

SECRET_BYTES = 32


def body_of(
    event: str,
    session_id: str | None,
    verification_id: str,
    at: float,
    more: Mapping[str, str | None] | None = None,
) -> str:
    """Return the JSON body; the first two fields are those of the contract, the rest only adds to them."""
    document = {
        "event": event,
        "verificationSessionId": session_id,
        "verificationId": verification_id,
        "timestamp": datetime.fromtimestamp(at, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        **(more or {}),
    }
    return json.dumps(document, separators=(",", ":"))


def headers_for(
    message_id: str, body: str, secrets: Sequence[str], now: float, api_key: str | None = None
) -> dict[str, str]:
    """Return the headers of one try; every live secret signs, so that rotation never loses a message.

    `secrets`: `whsec_` and Base64, newest first. `api_key`: what goes into `X-API-Key`, for receivers that
    know nothing better than a password.
    """
    moment = datetime.fromtimestamp(int(now), UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body) for secret in secrets]
    extra = {} if api_key is None else {"x-api-key": api_key}
    return extra | {
        "content-type": "application/json",
        "user-agent": "visavis-webhook/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }
