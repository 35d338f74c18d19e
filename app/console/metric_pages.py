"""Metrics with pictures: drawn here, as SVG; the browser asks nobody else for anything."""

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.console.forms import Form, errors_at_fields
from app.console.navigation import Entry, add_entry
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.pictures import Histogram, columns_of, histogram_of, lying_bars
from app.console.query_values import DAY_SECONDS, day
from app.console.roles import Permission
from app.console.routing import route
from app.console.visits.words import EVIDENCE_TEXTS
from app.decision.policy import Limit
from app.errors import InputError, SettingsError
from app.metrics.reading import Metrics, TimeRange, open_sessions, read_metrics
from app.metrics.scales import SCALE_OF_EVIDENCE
from app.models import Verification
from app.verifications.configuration import RecognitionType
from app.verifications.store import list_verifications, load_current
from app.vocabulary import Evidence

# Name → seconds back from now.
RANGES = {"day": DAY_SECONDS, "week": 7 * DAY_SECONDS, "month": 30 * DAY_SECONDS, "quarter": 90 * DAY_SECONDS}
RANGE_TEXTS = {
    "day": "Last 24 hours",
    "week": "Last 7 days",
    "month": "Last 30 days",
    "quarter": "Last 90 days",
    "days": "Days of your choice",
}
LONGEST_SECONDS = 3 * 366 * DAY_SECONDS
STEP_TEXTS = {
    "opened": "opened the link",
    "consented": "agreed",
    "capturing": "showed the face",
    "complete": "finished the challenge",
    "decided": "got an answer",
    "passed": "passed",
}
# Frames that both templates are worth in the threshold that is drawn in: the usual case.
USUAL_SIZE = 3.0

add_entry("Watch", Entry("Metrics", "console.metrics_page", "/console/metrics"))


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a score passes now."""

    value: float
    passes_above: bool


@route("/metrics", Permission.READ)
def metrics_page() -> Response:
    """Show what was counted of one verification, or of all, in a time range."""
    form = Form({"range": "week", **request.args.to_dict()})
    span, verification_id = TimeRange(now() - RANGES["week"], now()), None
    with runtime().database.reading() as db:
        listed = list_verifications(db)
        with errors_at_fields(form):
            verification_id = _chosen(form, listed)
            span = _span(form)
        metrics = read_metrics(db, None if verification_id is None else [verification_id], span)
        under_way = open_sessions(db, None if verification_id is None else [verification_id])
        histograms = _histograms(db, metrics, verification_id)
    return render(
        "metrics.html",
        form.status,
        form=form,
        verifications=[("", "All")] + [(row.id, row.name) for row in listed],
        ranges=list(RANGE_TEXTS.items()),
        metrics=metrics,
        under_way=under_way,
        columns=columns_of(metrics.series, span.seconds),
        steps=lying_bars([(STEP_TEXTS[step], count) for step, count in metrics.steps], falling=True),
        reasons=lying_bars(list(metrics.named("reason").items())),
        histograms=histograms,
    )


def _chosen(form: Form, listed: list[Verification]) -> str | None:
    chosen = form.text("verification")
    if chosen and chosen not in {row.id for row in listed}:
        raise InputError("verification", "there is no such verification")
    return chosen or None


def _span(form: Form) -> TimeRange:
    if form.text("since").strip() or form.text("until").strip():
        form.values["range"] = "days"  # whoever names days means them
    name = form.text("range")
    if name in RANGES:
        return TimeRange(now() - RANGES[name], now())
    if name != "days":
        raise InputError("range", f"must be one of {', '.join(RANGE_TEXTS)}")
    since, until = day(form, "since"), day(form, "until")
    if since is None:
        raise InputError("since", "must be given")
    until = now() if until is None else until + DAY_SECONDS
    if not 0 < until - since <= LONGEST_SECONDS:
        raise InputError("until", "must be after the first day, and at most three years later")
    return TimeRange(since, until)


def _histograms(db: Session, metrics: Metrics, verification_id: str | None) -> list[Histogram]:
    pictures = []
    for evidence in Evidence:
        threshold = _threshold(db, evidence, verification_id)
        value = threshold.value if threshold else None
        above = threshold.passes_above if threshold else True
        bars = metrics.histogram(evidence, value)
        if bars:
            pictures.append(
                histogram_of(
                    evidence, EVIDENCE_TEXTS[evidence], bars, SCALE_OF_EVIDENCE[evidence], value, above
                )
            )
    return pictures


def _threshold(db: Session, evidence: Evidence, verification_id: str | None) -> Threshold | None:
    """Return what stands in the policy, or comes from calibration or configuration, now."""
    if evidence in {Evidence.FACE_COMPARISON, Evidence.AGE}:
        return None if verification_id is None else _configured(db, evidence, verification_id)
    if evidence is Evidence.GENDER:
        return Threshold(runtime().policy.gender.value, passes_above=True)
    limit = next((each for each in runtime().policy.limits if _decides(each, evidence)), None)
    return None if limit is None else Threshold(limit.value, limit.at_least)


def _decides(limit: Limit, evidence: Evidence) -> bool:
    engine = runtime().engine
    models = {engine.recognition_model, engine.pad_model}
    fits = not limit.methods or bool(models & set(limit.methods))
    return limit.evidence is evidence and limit.measure == "score" and fits


def _configured(db: Session, evidence: Evidence, verification_id: str) -> Threshold | None:
    configs = load_current(db, verification_id).configuration.verifier_configs
    if evidence is Evidence.AGE:
        above = configs.age.direction == "Above"
        return Threshold(
            configs.age.threshold + (configs.age.buffer if above else -configs.age.buffer), above
        )
    recognition = configs.face_recognition
    above = recognition.type not in {RecognitionType.DUPLICATE, RecognitionType.DISABLED}
    try:
        value = runtime().calibration.threshold(USUAL_SIZE, USUAL_SIZE, recognition.false_match_rate)
    except SettingsError:
        return None
    return Threshold(value, above)
