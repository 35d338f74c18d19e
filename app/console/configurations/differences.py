"""What differs between two documents, setting by setting, in the words of the form."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.console.configurations.settings_form import all_settings, labels
from app.verifications.configuration import read_configuration, write_configuration
from app.verifications.document import ConfigurationRefusedError

_ABSENT = object()


def canonical(stored: str) -> str:
    """Return a stored document with everything it leaves out: older releases knew fewer settings."""
    try:
        return write_configuration(read_configuration(json.loads(stored)))
    except ConfigurationRefusedError:
        return stored  # written when something else was valid; shown as it is


def complete(stored: str) -> dict[str, Any]:
    """Return the same as JSON values."""
    document: dict[str, Any] = json.loads(canonical(stored))
    return document


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not the same."""

    path: str
    label: str
    before: str | None
    """JSON; None = the setting was not there."""
    after: str | None


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return every leaf that differs, in the form's order."""
    was, is_now = dict(_leaves(before)), dict(_leaves(after))
    names = labels()
    order = {setting.path: place for place, setting in enumerate(all_settings())}
    paths = [
        path for path in was.keys() | is_now.keys() if was.get(path, _ABSENT) != is_now.get(path, _ABSENT)
    ]
    return [
        Difference(path, names.get(path, path), _json(was, path), _json(is_now, path))
        for path in sorted(paths, key=lambda path: (order.get(path, len(order)), path))
    ]


def _json(leaves: Mapping[str, Any], path: str) -> str | None:
    return json.dumps(leaves[path], ensure_ascii=False) if path in leaves else None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    else:
        yield path, value
