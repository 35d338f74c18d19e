"""`flask sessions show ID`: what happened to a person who calls support."""

import json
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.parts import clear_errors, command_parts
from app.models import ConsentRecord, FindingRow, SessionTransition, VerificationSession
from app.sessions.steps import load

sessions_commands = AppGroup("sessions", help="Verification sessions.")


@sessions_commands.command("show")
@click.argument("session_id")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
def show(session_id: str, as_json: bool) -> None:
    """Show a session: its transitions, findings, decision and consent. There is no image to show."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        visit, configuration = load(db, session_id)
        document = describe(db, visit, configuration.name)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo("\n".join(_lines(document)))


def describe(db: Session, visit: VerificationSession, name: str) -> dict[str, Any]:
    """Return everything support may know of a session."""
    return {
        "sessionId": visit.id,
        "verificationId": visit.verification_id,
        "verification": name,
        "state": visit.state,
        "reason": visit.reason,
        "externalId": visit.external_id,
        "attempts": visit.attempt_number,
        "createdAt": _time(visit.created_at),
        "concludedAt": _time(visit.concluded_at),
        "overrides": visit.overrides,
        "ignoredParameters": visit.ignored,
        "verifiers": visit.verifier_results,
        "decision": visit.decision_notes,
        "transitions": [_transition(row) for row in _rows(db, SessionTransition, visit)],
        "findings": [_finding(row) for row in _rows(db, FindingRow, visit)],
        "consent": [_consent(row) for row in _rows(db, ConsentRecord, visit)],
    }


def _rows(db: Session, table: Any, visit: VerificationSession) -> Any:  # noqa: ANN401 -- three tables
    return db.scalars(select(table).where(table.session_id == visit.id).order_by(table.id))


def _transition(row: SessionTransition) -> dict[str, Any]:
    return {
        "from": row.old_state,
        "to": row.new_state,
        "reason": row.reason,
        "by": row.actor,
        "at": _time(row.at),
    }


def _finding(row: FindingRow) -> dict[str, Any]:
    return {
        "attempt": row.attempt,
        "evidence": row.evidence,
        "score": row.score,
        "unit": row.unit,
        "method": row.method,
        "details": row.details,
    }


def _consent(row: ConsentRecord) -> dict[str, Any]:
    return {"accepted": row.accepted, "textHash": row.text_hash, "locale": row.locale, "at": _time(row.at)}


def _time(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _lines(document: dict[str, Any]) -> list[str]:
    lines = [f"{name:18} {value}" for name, value in document.items() if not isinstance(value, list)]
    lines += ["", "transitions"]
    for row in document["transitions"]:
        reason = f" ({row['reason']})" if row["reason"] else ""
        lines.append(f"  {row['at']}  {row['from'] or '·':>10} → {row['to']}{reason}  by {row['by']}")
    lines += ["", "findings"]
    for row in document["findings"]:
        score = "unmeasurable" if row["score"] is None else f"{row['score']:.4f}"
        lines.append(
            f"  #{row['attempt']} {row['evidence']:20} {score:>12}  {row['unit']}  [{row['method']}]"
        )
        lines += [f"       {name} = {value}" for name, value in row["details"].items()]
    return lines
