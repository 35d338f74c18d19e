"""Values that a page reads out of its own address: moments and numbers, each checked."""

from datetime import UTC, datetime

from app.console.forms import Form
from app.errors import InputError

DAY_SECONDS = 24 * 3600
LONGEST_TEXT = 300


def day(form: Form, name: str) -> float | None:
    """Return the beginning of a day (UTC) in unix seconds; None when none was given."""
    text = form.text(name).strip()
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InputError(name, "must be a day such as 2026-03-31") from None


def whole_number(form: Form, name: str, least: int, most: int, default: int | None = None) -> int | None:
    """Return a whole number within bounds; the default when none was given."""
    text = form.text(name).strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and least <= int(text) <= most):
        raise InputError(name, f"must be a whole number from {least} to {most}")
    return int(text)


def short_text(form: Form, name: str, most: int = LONGEST_TEXT) -> str | None:
    """Return a text without the spaces around it; None when there is none."""
    text = form.text(name).strip()
    if len(text) > most or "\x00" in text:
        raise InputError(name, f"must have at most {most} characters, none of them zero")
    return text or None
