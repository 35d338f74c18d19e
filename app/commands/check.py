"""`flask check`: whether everything is in order before real people come."""

import json
from dataclasses import asdict

import click

from app.checks.results import Level, Result
from app.checks.run import has_errors, run_checks
from app.commands.parts import command_parts

_MARKS = {Level.OK: "ok", Level.HINT: "hint", Level.WARNING: "WARNING", Level.ERROR: "ERROR"}


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
def check(as_json: bool) -> None:
    """Check settings, verifications, models, worker and database; exit status 1 when there are errors."""
    parts = command_parts(check_schema=False)
    results = run_checks(parts.settings, parts.database, parts.now)
    if as_json:
        document = {"good": not has_errors(results), "results": [asdict(each) for each in results]}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        for result in results:
            click.echo(_text(result))
    if has_errors(results):
        raise click.exceptions.Exit(1)


def _text(result: Result) -> str:
    about = f" ({result.subject})" if result.subject else ""
    hint = f"\n{'':9}→ {result.hint}" if result.hint else ""
    return f"{_MARKS[result.level]:8} {result.id}{about}: {result.said}{hint}"
