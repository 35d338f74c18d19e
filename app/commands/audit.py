"""`flask audit …`: verify, list and export the audit log."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app.audit.export import json_lines
from app.audit.log import AuditFilter, newest
from app.audit.verification import KnownEntry, Verdict, verify
from app.commands.parts import clear_errors, command_parts
from app.evaluation.tables import render_table
from app.models import AuditEntry

audit_commands = AppGroup("audit", help="Who changed what, in a chain of hashes.")


@audit_commands.command("verify", with_appcontext=False)
@click.option(
    "--known", help="NUMBER:HASH as an earlier run printed it; shows a chain that was forged whole."
)
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
def verify_log(known: str | None, as_json: bool) -> None:
    """Check every entry; exit status 1 names the first that was changed, removed, inserted or moved."""
    with clear_errors():
        noted = None if known is None else KnownEntry.parse(known)
        with command_parts().database.reading() as db:
            verdict = verify(db, _watched, noted)
    click.echo(json.dumps(_document(verdict)) if as_json else _sentence(verdict))
    if not verdict.is_good:
        raise click.exceptions.Exit(1)


@audit_commands.command("list", with_appcontext=False)
@click.option("--actor")
@click.option("--action", help="For example configuration.publish.")
@click.option("--subject", help="A part of it.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_entries(
    actor: str | None, action: str | None, subject: str | None, limit: int, as_json: bool
) -> None:
    """Show entries, the newest first."""
    with clear_errors(), command_parts().database.reading() as db:
        entries = newest(db, AuditFilter(actor, action, subject), limit)
    rows = [
        (entry.number, _date(entry.at), entry.actor, entry.role, entry.action, entry.subject)
        for entry in entries
    ]
    if as_json:
        names = ("number", "at", "actor", "role", "action", "subject")
        for row in rows:
            click.echo(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
    else:
        click.echo(render_table(("number", "at", "actor", "role", "action", "subject"), rows))


@audit_commands.command("export", with_appcontext=False)
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(file: IO[str]) -> None:
    """Write the whole log to FILE as JSON lines, whose hashes anybody can check."""
    with clear_errors(), command_parts().database.reading() as db:
        file.writelines(json_lines(db, AuditFilter()))


def _watched(entries: Iterable[AuditEntry], count: int) -> Iterable[AuditEntry]:
    return tqdm(entries, desc="audit entries", total=count, mininterval=0.5, disable=None)


def _document(verdict: Verdict) -> dict[str, object]:
    head = verdict.head
    return {
        "good": verdict.is_good,
        "entries": verdict.entries,
        "head": f"{head.number}:{head.hash}",
        "firstBad": verdict.bad,
        "problem": verdict.problem,
    }


def _sentence(verdict: Verdict) -> str:
    head = f"{verdict.head.number}:{verdict.head.hash}"
    if verdict.is_good:
        return f"All {verdict.entries} entries are as they were written.\nNote this elsewhere: {head}"
    return f"Entry {verdict.bad} is bad: {verdict.problem}\nGood until {head}"


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
