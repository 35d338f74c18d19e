"""The go-live check as a page."""

from itertools import groupby

from werkzeug.wrappers import Response

from app.checks.results import Level
from app.checks.run import run_checks
from app.console.navigation import Entry, add_entry
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.verifications.store import list_verifications

add_entry("Watch", Entry("Go-live check", "console.go_live", "/console/go-live"))


@route("/go-live", Permission.READ)
def go_live() -> Response:
    """Show what should be mended before real people come, the worst first."""
    parts = runtime()
    results = run_checks(parts.settings, parts.database, now())
    with parts.database.reading() as db:
        names = {row.id: row.name for row in list_verifications(db)}
    groups = [(level, list(each)) for level, each in groupby(results, key=lambda result: result.level)]
    errors = sum(result.level is Level.ERROR for result in results)
    return render("go_live.html", groups=groups, names=names, errors=errors)
