"""What the console's menu shows, in groups; an entry is there for whoever may open it."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request

from app.console.parts import signed_in
from app.console.roles import Permission
from app.console.routing import rule_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    label: str
    endpoint: str
    """The page it opens, `console.<view>`."""
    section: str
    """Pages whose path begins with this belong to the entry: `/console/sessions`."""
    badge: Callable[[], int] | None = None
    """How many things wait there; 0 shows nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together."""

    label: str
    entries: tuple[Entry, ...]


_groups: dict[str, list[Entry]] = {"Verify": [], "Faces": [], "Integrate": [], "Watch": [], "People": []}


def add_entry(group: str, entry: Entry) -> None:
    """Add a line to one of the groups, in the order in which modules are imported."""
    _groups[group].append(entry)


def menu() -> list[Group]:
    """Return what the signed-in operator may open."""
    groups = (
        Group(label, tuple(entry for entry in entries if _may_open(entry)))
        for label, entries in _groups.items()
    )
    return [group for group in groups if group.entries]


def is_current(entry: Entry) -> bool:
    """Tell whether the present page belongs to an entry."""
    return request.path == entry.section or request.path.startswith(f"{entry.section}/")


def _may_open(entry: Entry) -> bool:
    who = signed_in()
    if who is None or entry.endpoint not in current_app.view_functions:
        return False
    need = rule_of(entry.endpoint).need
    return not isinstance(need, Permission) or who.role.may(need)
