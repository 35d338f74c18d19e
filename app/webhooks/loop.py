"""The sending side: what is due is claimed, tried outside of any transaction, and logged."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.runtime import Runtime
from app.webhooks import api_key, deliveries, face_events
from app.webhooks.deliveries import Claim
from app.webhooks.message import headers_for
from app.webhooks.secrets import add_secret, live_secrets
from app.webhooks.sender import Attempt, Send

log = logging.getLogger(__name__)

# One slow receiver must not hold up all others.
AT_ONCE = 8


def run_once(runtime: Runtime, send: Send, now: float) -> int:
    """Dispatch new events and try everything that is due; returns how many tries were made."""
    with runtime.database.transaction() as db:
        deliveries.dispatch_events(db, now)
        face_events.dispatch_events(db, now)
    with runtime.database.transaction() as db:
        claims = deliveries.claim_due(db, now)
    if not claims:
        return 0
    with ThreadPoolExecutor(min(AT_ONCE, len(claims)), thread_name_prefix="webhook") as pool:
        list(pool.map(lambda claim: _try_one(runtime, send, claim, now), claims))
    return len(claims)


def run_forever(runtime: Runtime, send: Send, sleep: Callable[[float], bool], interval: float) -> None:
    """Go on until `sleep(interval)` says that the process shall stop."""
    while True:
        try:
            run_once(runtime, send, runtime.clock())
        except Exception:
            log.exception("a round of webhooks failed")
        if sleep(interval):
            return


def _try_one(runtime: Runtime, send: Send, claim: Claim, now: float) -> None:
    secrets = _secrets(runtime, claim.verification_id, now)
    with runtime.database.reading() as db:
        key = api_key.wanted_key(db, runtime.sealer, claim.verification_id)
    headers = headers_for(claim.message_id, claim.body, secrets, now, key)
    attempt = send(claim.url, claim.body.encode(), headers)
    _log(claim, attempt)
    with runtime.database.transaction() as db:
        deliveries.record_attempt(db, claim, attempt, now, runtime.rng.random)


def _secrets(runtime: Runtime, verification_id: str, now: float) -> list[str]:
    """Return the live secrets; a verification that never had one gets its first, so nothing goes unsigned."""
    with runtime.database.transaction() as db:
        found = live_secrets(db, runtime.sealer, verification_id)
        return found or [add_secret(db, runtime.sealer, verification_id, now)[1]]


def _log(claim: Claim, attempt: Attempt) -> None:
    said = "delivered" if attempt.accepted else attempt.error
    log.info("webhook %s, try %s: %s", claim.message_id, claim.attempts, said)
