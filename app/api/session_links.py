"""Sessions that a backend opens: the same link, checks and code as when a person opens one.

The answer's URL is the signed link itself. Its session exists already, and is resumed by the browser that
opens it: that browser then holds the session, as with any other link.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from app import projects
from app.api.guards import caller
from app.api.owned import owned_verification
from app.errors import InputError
from app.runtime import Runtime
from app.sessions import limits
from app.sessions.opening import link_sealer, open_session
from app.signing import parameters as names
from app.signing.request_link import parse_request, request_signature
from app.signing.schemes import DEFAULT_SCHEMES
from app.verifications.configuration import VerifierConfigs
from app.verifications.overrides import apply_overrides
from app.verifications.store import PublishedConfiguration, publish

AD_HOC_NAME = "Sessions without a verification of their own"


@dataclass(frozen=True, slots=True)
class BackendSession:
    """A session and the link that leads a person into it."""

    session_id: str
    verification_id: str
    query: str
    expires_at: float


def create_session(
    db: Session, parts: Runtime, verification_id: str, pairs: list[tuple[str, str]], nonce: str, now: float
) -> BackendSession:
    """Sign a link with these parameters and open its session, in the caller's transaction.

    Raises whatever opening the link would, naming the parameter. The country is asked when the person
    opens the link: here there is only the backend's.
    """
    published = owned_verification(db, verification_id)
    lifetime = published.configuration.experience_config.timeouts.session_seconds
    keyring = projects.load_keyring(db, parts.sealer, published.project_id)
    query = urlencode([*pairs, (names.EXPIRATION, str(int(now) + lifetime)), (names.NONCE, nonce)])
    query += f"&{names.SIGNATURE}={request_signature(verification_id, query, keyring)}"
    request = parse_request(
        verification_id, query, keyring, force_signed=True, schemes=DEFAULT_SCHEMES, now=int(now)
    )
    overrides = apply_overrides(published.configuration, request)
    attempt_limits = published.configuration.security_config.attempt_limits
    limits.check_limit(db, attempt_limits, verification_id, request.external_id, now)
    _require_own_scheme(published)
    seal_link = link_sealer(parts.sealer, query.encode())
    opened = open_session(db, published, request, overrides, lambda _: None, seal_link, now)
    return BackendSession(opened.session_id, verification_id, query, now + opened.lives_for)


def ad_hoc_verification(db: Session, configs: VerifierConfigs, now: float) -> str:
    """Return the id of the verification that has exactly these verifiers, published when first asked for.

    The same verifiers lead to the same verification, and so to the same faces.
    """
    document = configs.model_dump(mode="json", by_alias=True)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    verification_id = str(uuid5(UUID(caller().project_id), text))
    publish(
        db,
        caller().project_id,
        {"id": verification_id, "name": AD_HOC_NAME, "verifierConfigs": document},
        now,
    )
    return verification_id


def _require_own_scheme(published: PublishedConfiguration) -> None:
    if DEFAULT_SCHEMES[0] not in published.configuration.security_config.signature_schemes:
        raise InputError("verificationId", f"this verification does not accept {DEFAULT_SCHEMES[0]}")
