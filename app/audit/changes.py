"""What differs between two documents, so that an entry says what changed and not everything there is."""

from collections.abc import Iterator, Mapping
from typing import Any

_ABSENT = object()


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return path → value for every leaf that differs, as it was and as it is; paths are `a.b.c`."""
    was, now = dict(_leaves(before)), dict(_leaves(after))
    paths = [
        path for path in sorted(was.keys() | now.keys()) if was.get(path, _ABSENT) != now.get(path, _ABSENT)
    ]
    return (
        {path: was[path] for path in paths if path in was},
        {path: now[path] for path in paths if path in now},
    )


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, value
