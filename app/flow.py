"""THE STORY. Read this first: it is the whole path of one person, each stage one function.

    signed link → VerificationRequest → VerificationSession → CaptureSample → Finding[] → Decision
                → SignedResult

`check_link` and `open_link` make a session of a link; `record_consent`, `start_attempt` and
`submit_frames` fill it; `run_verification` measures, decides and enrols; `deliver` sends the person
back with the signed result. Whatever must survive a crash is committed before a function returns, and
every function may be called by any worker on any host.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app import projects
from app.capture import attempts, coach
from app.capture.batches import FrameBatch
from app.decision.decide import decide
from app.decision.types import Decision
from app.delivery.return_redirect import result_url
from app.errors import CountryForbiddenError, InputError, StateConflictError
from app.models import ConsentRecord, VerificationSession
from app.pipeline import runner
from app.pipeline.measure import measure_batch
from app.pipeline.types import CaptureRecord, Finding
from app.runtime import Runtime
from app.sessions import conclusion, limits, recognition, review, status, storing
from app.sessions.clock import enforce_clock, overdue
from app.sessions.opening import HeldToken, OpenedSession, link_sealer, open_session
from app.sessions.status import SessionStatus
from app.sessions.steps import (
    ACCEPTS_FRAMES,
    attempt_for,
    begin_attempt,
    cancel,
    capture_record,
    follow_capture,
    load,
    require_accepting,
)
from app.signing.request_link import VerificationRequest, parse_request
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides, apply_overrides
from app.verifications.requirements import requirements_of
from app.verifications.store import PublishedConfiguration, load_current, load_version
from app.vocabulary import Outcome, PathReason, Reason, SessionState

# The process that took the last frames decides within a second; after this long it is taken for dead.
LOST_AFTER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class CheckedLink:
    """A link that passed every check and has opened nothing yet."""

    published: PublishedConfiguration
    request: VerificationRequest
    overrides: Overrides
    raw_query: bytes
    key_use_due: bool
    """True when the use of the secret that signed it is to be noted."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with its configuration and what the page may know of it."""

    visit: VerificationSession
    configuration: Configuration
    status: SessionStatus


# ① The link ------------------------------------------------------------------------------------------------


def check_link(
    runtime: Runtime, verification_id: str, raw_query: bytes, country: str | None, now: float
) -> CheckedLink:
    """Check signature, expiration, content, overrides, country and attempt limits; write nothing."""
    with runtime.database.reading() as db:
        published = load_current(db, verification_id)
        keyring = projects.load_keyring(db, runtime.sealer, published.project_id)
        security = published.configuration.security_config
        request = parse_request(
            verification_id,
            raw_query,
            keyring,
            force_signed=security.force_signed_input,
            schemes=security.signature_schemes,
            now=int(now),
        )
        if security.require_nonce and request.nonce is None:
            raise InputError("reNonce", "is required by this verification")
        overrides = apply_overrides(published.configuration, request)
        if security.allowed_countries and country not in security.allowed_countries:
            raise CountryForbiddenError("this verification is not offered in your country")
        limits.check_limit(db, security.attempt_limits, verification_id, request.external_id, now)
    use_is_due = request.key_id is not None and projects.use_is_due(keyring, request.key_id, now)
    return CheckedLink(published, request, overrides, raw_query, use_is_due)


def open_link(runtime: Runtime, checked: CheckedLink, held_token: HeldToken, now: float) -> OpenedSession:
    """Claim the nonce and create the session, or resume the one that this link already has.

    Not synced: nonce and session come and go together, and nothing rests on them until the person acts,
    which is. After a power cut in between, the link opens again as if for the first time.
    """
    seal_link = link_sealer(runtime.sealer, checked.raw_query)
    with runtime.database.transaction(synced=False) as db:
        if checked.request.key_id is not None and checked.key_use_due:
            projects.record_use(db, checked.request.key_id, now)
        return open_session(
            db, checked.published, checked.request, checked.overrides, held_token, seal_link, now
        )


# ② The person ----------------------------------------------------------------------------------------------


def record_consent(
    runtime: Runtime, session_id: str, accepted: bool, text_hash: str, locale: str, now: float
) -> SessionStatus:
    """Keep the answer with the hash of the text that was shown; a refusal ends the session."""
    enforce_clock(runtime, session_id, now)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        require_accepting(visit)
        db.add(
            ConsentRecord(session_id=visit.id, accepted=accepted, text_hash=text_hash, locale=locale, at=now)
        )
        if accepted:
            visit.consented_at = visit.consented_at or now
        else:
            cancel(db, visit, configuration, Reason.CONSENT_REFUSED, now)
    return _view(runtime, session_id).status


def start_attempt(
    runtime: Runtime, session_id: str, camera: str, now: float, no_light: PathReason | None = None
) -> SessionStatus:
    """Begin a fresh attempt with a fresh challenge; one whose challenge had begun is used up.

    `no_light`: why the person is not to see flashing colours.
    """
    enforce_clock(runtime, session_id, now)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        require_accepting(visit)
        if status.needs_consent(visit, configuration):
            raise StateConflictError("consent has not been given")
        begin_attempt(runtime, db, visit, configuration, camera, now, no_light)
    return _view(runtime, session_id).status


def submit_frames(runtime: Runtime, session_id: str, batch: FrameBatch, now: float) -> SessionStatus:
    """Measure a batch, move the challenge on, and decide as soon as it is complete."""
    with runtime.database.reading() as db:
        visit, configuration = load(db, session_id)
        attempt = attempt_for(db, visit, batch)
        if attempt is None or overdue(visit, attempt, now) is not None:
            return view_session(runtime, session_id, now).status
        before = attempts.load_measurements(db, runtime.sealer, attempt)
        progress = attempts.load_progress(runtime.sealer, attempt)
    elapsed_ms = (now - attempt.started_at) * 1000.0
    samples = batch.read_samples(elapsed_ms)
    measured = measure_batch(
        samples,
        runtime.engine,
        progress.needs,
        before,
        quick=progress.quick,
        neutral=progress.neutral,
        count_always=progress.single_person,
        follow=progress.light_is_on,
        successor=runtime.successor,
    )
    progress = coach.advance(progress, measured, elapsed_ms, shown=batch.shown, before=before)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        require_accepting(visit)
        attempts.append_batch(db, runtime.sealer, attempt, measured, progress, now)
        follow_capture(db, visit, configuration, len(measured), progress, now)
        answer = status.describe(visit, configuration, attempt, progress)
    if visit.state != SessionState.PROCESSING:
        return answer
    run_verification(runtime, session_id, now)
    return _view(runtime, session_id).status


def leave(runtime: Runtime, session_id: str, reason: Reason, now: float) -> SessionStatus:
    """End the session at the person's wish; the site gets a signed result with the reason."""
    enforce_clock(runtime, session_id, now)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        if visit.state in ACCEPTS_FRAMES:
            cancel(db, visit, configuration, reason, now)
    return _view(runtime, session_id).status


# ③ The verdict ---------------------------------------------------------------------------------------------


def run_verification(runtime: Runtime, session_id: str, now: float) -> None:
    """Turn a complete capture into findings, findings into a decision, and record it whole.

    Comparison, decision, enrolment and state change share one transaction that holds the collection:
    of simultaneous first visits exactly one enrols, and a crash leaves either all of it or nothing.
    """
    with runtime.database.reading() as db:
        visit, configuration = load(db, session_id)
        attempt = attempts.current_attempt(db, session_id)
        if visit.state != SessionState.PROCESSING or attempt is None:
            return
        record = capture_record(runtime, db, attempt)
    findings: Sequence[Finding] = runner.run(record)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        if visit.state != SessionState.PROCESSING:
            return
        decision, findings = _decide(runtime, db, visit, configuration, record, findings, now)
        conclusion.record_findings(db, visit, record, findings)
        if decision.reason is not None and conclusion.may_retry(visit, configuration, decision):
            conclusion.send_back(db, visit, decision.reason, now)
        else:
            conclusion.conclude_decided(db, visit, configuration, decision, now)


def rescue_verification(runtime: Runtime, session_id: str, now: float) -> None:
    """Decide a capture whose process died between the last frame and the verdict.

    Whoever asks where the session stands may trigger it; of several at once the first one decides.
    """
    with runtime.database.reading() as db:
        visit, _ = load(db, session_id)
        attempt = attempts.current_attempt(db, session_id)
    if visit.state != SessionState.PROCESSING or attempt is None:
        return
    if now - attempt.last_batch_at >= LOST_AFTER_SECONDS:
        run_verification(runtime, session_id, now)


def _decide(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    record: CaptureRecord,
    findings: Sequence[Finding],
    now: float,
) -> tuple[Decision, Sequence[Finding]]:
    """Decide; faces are compared, and perhaps stored, only once everything else has passed."""
    requirements = replace(
        requirements_of(configuration, Overrides.from_json(visit.overrides)), challenge_path=record.path
    )
    before_faces = decide(findings, replace(requirements, recognition=None), runtime.policy)
    if before_faces.outcome is not Outcome.PASSED:
        return decide(findings, requirements, runtime.policy), findings
    published = load_version(db, visit.version_id)
    comparison = recognition.compare(runtime, db, visit, published, requirements, record, now)
    findings = [*findings, *comparison.findings]
    decision = decide(findings, comparison.requirements, runtime.policy)
    storing.store(runtime, db, visit, configuration, comparison, decision, now)
    if decision.outcome is Outcome.REVIEW:
        review.open_case(runtime, db, visit, published, comparison, decision, now)
    return decision, findings


# ④ The way back --------------------------------------------------------------------------------------------


def deliver(runtime: Runtime, session_id: str, now: float) -> str | None:
    """Return the URL with the signed result; None when the verification names no target."""
    enforce_clock(runtime, session_id, now)
    with runtime.database.transaction() as db:
        visit = db.get_one(VerificationSession, session_id)
        published = load_version(db, visit.version_id)
        keyring = projects.load_keyring(db, runtime.sealer, published.project_id)
        return result_url(db, visit, published.configuration, keyring, now)


def view_session(runtime: Runtime, session_id: str, now: float) -> SessionView:
    """Show where a session stands, once the clock has had its say."""
    enforce_clock(runtime, session_id, now)
    return _view(runtime, session_id)


def _view(runtime: Runtime, session_id: str) -> SessionView:
    with runtime.database.reading() as db:
        visit, configuration = load(db, session_id)
        attempt = attempts.current_attempt(db, session_id)
        progress = attempts.load_progress(runtime.sealer, attempt) if attempt else None
        return SessionView(visit, configuration, status.describe(visit, configuration, attempt, progress))
