"""Every form of the console as somebody finds it who follows all links, and what is wrong with a value."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bs4 import Tag
from sqlalchemy import select
from webtest import TestApp

from app.db import Base
from app.runtime import Runtime

# What changes by looking, or is there to be changed by mistakes: sessions of operators and their patience.
MAY_CHANGE = {"operator_session", "login_failure", "attempt_limit"}
TYPED = {"text", "email", "password", "search", "date", "number", "url", "tel"}
TOO_LONG = "x" * 30_000
NONSENSE = "nonsense"


@dataclass(frozen=True)
class FoundForm:
    """One form on one page, with the values that it holds."""

    page: str
    action: str
    method: str
    values: dict[str, str]
    typed: tuple[str, ...]
    """Names of fields that people type into."""
    chosen: tuple[str, ...]
    """Names of selects, radio buttons and hidden fields: nobody types into these, but anybody can."""


def follow_links(browser: TestApp, first: list[str]) -> Iterator[tuple[str, Tag]]:
    """Yield path and content of one page of each view that links lead to."""
    router = browser.app.url_map.bind("localhost")
    seen: set[str] = set()
    waiting = list(first)
    while waiting:
        path = waiting.pop(0)
        endpoint, _ = router.match(urlsplit(path).path)
        if endpoint in seen or not endpoint.startswith("console."):
            continue
        seen.add(endpoint)
        answer = browser.get(path)
        while answer.status_int in {302, 303}:
            answer = answer.follow()
        if answer.content_type == "text/html":
            yield path, answer.html
            waiting += re.findall(r'href="(/console/[^"#]*)"', answer.text.replace("&amp;", "&"))


def forms_on(path: str, page: Tag) -> Iterator[FoundForm]:
    """Yield the forms of a page; a button that sends elsewhere makes a form of its own."""
    for form in page.select("form"):
        fields = form.select("input[name], textarea[name], select[name]")
        typed = [each["name"] for each in fields if _is_typed(each)]
        chosen = [each["name"] for each in fields if not _is_typed(each) and _is_chosen(each)]
        buttons = form.select("button[formaction]")
        for action in dict.fromkeys([form.get("action") or path, *(each["formaction"] for each in buttons)]):
            yield FoundForm(
                path,
                action,
                (form.get("method") or "get").lower(),
                _values(form),
                tuple(dict.fromkeys(typed)),
                tuple(dict.fromkeys(name for name in chosen if name not in {"form_token", "page"})),
            )


def fingerprint(runtime: Runtime) -> dict[str, str]:
    """Return a hash of each table's rows."""
    with runtime.database.reading() as db:
        return {
            table.name: hashlib.sha256(
                repr(sorted(map(repr, db.execute(select(table))))).encode()
            ).hexdigest()
            for table in Base.metadata.sorted_tables
            if table.name not in MAY_CHANGE
        }


def is_told_at(page: Tag, name: str) -> bool:
    """Tell whether the field is marked as wrong and tied to words that are on the page."""
    field = page.select_one(f"[name='{name}'][aria-invalid=true]")
    words = [page.find(id=each) for each in (field or {}).get("aria-describedby", "").split()]
    return any(each and each.get_text(strip=True) for each in words)


def is_told_above(page: Tag, name: str) -> bool:
    """Tell whether the words above a form name the field; for what is no field that one types into."""
    return page.select_one(f".notice.bad a[href='#field-{name}']") is not None


def _is_typed(field: Tag) -> bool:
    return field.name == "textarea" or (field.name == "input" and field.get("type", "text") in TYPED)


def _is_chosen(field: Tag) -> bool:
    return field.name == "select" or field.get("type") in {"hidden", "radio"}


def _values(form: Tag) -> dict[str, str]:
    """Return what a form would send: its fields, and the name of its first button."""
    fields = form.select("input[name], textarea[name], select[name]")
    found = {each["name"]: _value(each) for each in fields if _value(each) is not None}
    button = form.select_one("button[name]")
    return found | ({button["name"]: button["value"]} if button else {})


def _value(field: Tag) -> str | None:
    if field.name == "textarea":
        return field.get_text().removeprefix("\n")
    if field.name == "select":
        option = field.select_one("option[selected]") or field.select_one("option")
        return option.get("value", option.get_text()) if option else None
    if field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked"):
        return None
    return None if field.get("type") == "file" else field.get("value", "on")
