"""How a page joins the console: one decorator that says where it is and who may call it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, current_app

from app.console.roles import Access, Permission
from app.errors import AccessRefusedError

View = TypeVar("View", bound=Callable[..., Any])

blueprint = Blueprint("console", __name__, url_prefix="/console")


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a view."""

    need: Permission | Access
    fresh: bool
    """True where password or code must have been entered within the last ten minutes."""


def route(
    path: str, need: Permission | Access, *, methods: tuple[str, ...] = ("GET",), fresh: bool = False
) -> Callable[[View], View]:
    """Register a view under /console; its endpoint is `console.<name of the function>`."""

    def register(view: View) -> View:
        view.rule = Rule(need, fresh)  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, view.__name__, view, methods=list(methods))
        return view

    return register


def rule_of(endpoint: str | None) -> Rule:
    """Return the rule of an endpoint; one without a rule lets nobody in."""
    rule = getattr(current_app.view_functions.get(endpoint or ""), "rule", None)
    if not isinstance(rule, Rule):
        raise AccessRefusedError("this page has no rule that lets anybody in")
    return rule
