"""Reviews: the queue, one case with its numbers, and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.audit.actions import Actor
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError, NotFoundError, StateConflictError
from app.models import FindingRow, ReviewCase, ReviewVote, VerificationSession
from app.sessions import review
from app.sessions.review import MAX_REASON, Verdict, votes_of
from app.sessions.steps import load
from app.verifications.configuration import Configuration
from app.vocabulary import Evidence, SessionState

PAGE = 100


def _waiting() -> int:
    with runtime().database.reading() as db:
        query = select(func.count()).where(VerificationSession.state == SessionState.REVIEW)
        return db.scalar(query) or 0


add_entry("Verify", Entry("Reviews", "console.reviews", "/console/reviews", badge=_waiting))
add_notices(
    {
        "review-passed": "Approved. The site gets the result now.",
        "review-failed": "Declined. The site gets the result now.",
        "review-second": "Your answer is kept. A second operator has to agree.",
    }
)

# Finding → names of the thresholds that its likeness is held against, as the session noted them.
THRESHOLDS = {
    Evidence.FACE_COMPARISON: ("review_threshold", "search_threshold"),
    Evidence.BLOCK_LIST: ("block_review_threshold", "block_threshold"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue."""

    visit: VerificationSession
    configuration: Configuration
    votes: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was uncertain, for the picture: all cosines −1…1."""

    label: str
    value: float
    uncertain_from: float
    certain_from: float

    def place(self, value: float) -> float:
        """Return where a value lies between 0 and 100 on the picture, which begins at half the band."""
        low = min(self.value, self.uncertain_from) - 0.05
        high = max(self.value, self.certain_from) + 0.05
        return round(100 * (value - low) / (high - low), 2)


@route("/reviews", Permission.READ)
def reviews() -> Response:
    """List what waits, the nearest deadline first."""
    with runtime().database.reading() as db:
        query = select(VerificationSession).filter_by(state=SessionState.REVIEW)
        rows = db.scalars(query.order_by(VerificationSession.expires_at).limit(PAGE)).all()
        queue = [Waiting(row, load(db, row.id)[1], len(votes_of(db, row.id))) for row in rows]
    return render("reviews.html", queue=queue, page=PAGE)


@route("/reviews/<session_id>", Permission.READ)
def review_page(session_id: str) -> Response:
    """Show one case: numbers, never images."""
    return _case_page(session_id, empty_form())


@route("/reviews/<session_id>", Permission.REVIEW, methods=("POST",))
def decide_review(session_id: str) -> Response:
    """Take an operator's answer."""
    form, standing = sent_form(), None
    with errors_at_fields(form):
        verdict = _verdict(form)
        try:
            who = Actor(operator().email, operator().role.value)
            standing = review.answer(runtime(), session_id, who, verdict, form.text("reason"), now())
        except StateConflictError as error:
            form.errors["verdict"] = str(error)
    if standing is None:
        return _case_page(session_id, form)
    if standing.state is SessionState.REVIEW:
        return done("review-second", "console.review_page", session_id=session_id)
    return done(f"review-{verdict}", "console.reviews")


def _verdict(form: Form) -> Verdict:
    try:
        return Verdict(form.text("verdict"))
    except ValueError:
        raise InputError("verdict", "approve or decline") from None


def _case_page(session_id: str, form: Form) -> Response:
    with runtime().database.reading() as db:
        visit, configuration = load(db, session_id)
        votes = votes_of(db, session_id)
        case = db.get(ReviewCase, session_id)
        if case is None and not votes and visit.state != SessionState.REVIEW:
            raise NotFoundError("this session was never reviewed")
        findings = _findings(db, visit)
    return render(
        "review.html",
        form.status,
        form=form,
        visit=visit,
        configuration=configuration,
        case=case,
        votes=votes,
        mine=_mine(votes),
        needed=2 if configuration.review_config.second_opinion else 1,
        likenesses=_likenesses(findings, visit.decision_notes),
        findings=findings,
        most=MAX_REASON,
    )


def _findings(db: Session, visit: VerificationSession) -> list[FindingRow]:
    query = select(FindingRow).filter_by(session_id=visit.id, attempt=visit.attempt_number)
    return list(db.scalars(query.order_by(FindingRow.id)))


def _mine(votes: list[ReviewVote]) -> ReviewVote | None:
    return next((vote for vote in votes if vote.operator == operator().email), None)


def _likenesses(findings: list[FindingRow], notes: Mapping[str, Any]) -> list[Likeness]:
    found = []
    for finding in findings:
        names = THRESHOLDS.get(Evidence(finding.evidence))
        value = finding.details.get("search_similarity", finding.score)
        if names is None or value is None or any(notes.get(name) is None for name in names):
            continue
        blocked = finding.evidence == Evidence.BLOCK_LIST
        label = "To the nearest blocked face" if blocked else "To the nearest stored face"
        found.append(Likeness(label, value, notes[names[0]], notes[names[1]]))
    return found
