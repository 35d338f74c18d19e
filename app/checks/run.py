"""Runs every check; one that breaks says so and stops no other."""

from sqlalchemy.exc import SQLAlchemyError

from app.checks import content, installation
from app.checks.results import Check, Facts, Level, Result
from app.db import Database
from app.errors import VisavisError
from app.settings import Settings


def run_checks(settings: Settings, database: Database, now: float) -> list[Result]:
    """Return all results, the worst first."""
    results = []
    for check in (*installation.CHECKS, *content.CHECKS):
        with database.reading() as db:
            results += _run(check, Facts(settings, database, db, now))
    order = list(Level)
    return sorted(results, key=lambda each: -order.index(each.level))


def has_errors(results: list[Result]) -> bool:
    """Tell whether real people should not be let in yet."""
    return any(each.level is Level.ERROR for each in results)


def _run(check: Check, facts: Facts) -> list[Result]:
    try:
        return check(facts)
    except (VisavisError, SQLAlchemyError, OSError) as error:
        said = f"the check {check.__name__} could not be made ({type(error).__name__})"
        return [Result("checks.broken", Level.ERROR, said, "See to the errors above it, then check again.")]
