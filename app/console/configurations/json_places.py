"""Where in a JSON text something stands, so that an error is told at its line."""

import json
import re
from collections.abc import Iterator

_BLANK = re.compile(r"[ \t\r\n]*")
_decoder = json.JSONDecoder()


def lines_of(text: str) -> dict[str, int]:
    """Return path (`a.b[0]`) → number of the line, from 1, for every value of a valid JSON text."""
    return {path: text.count("\n", 0, place) + 1 for path, place in _places(text)}


def line_of(lines: dict[str, int], path: str) -> int:
    """Return the line of a path, or of the nearest thing around it that is there."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 1)


def _places(text: str) -> Iterator[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    _scan(text, _skip(text, 0), "", found)
    yield from found


def _scan(text: str, at: int, path: str, found: list[tuple[str, int]]) -> int:
    """Note the value that begins at `at` and all within; return where it ends."""
    found.append((path, at))
    if text[at] == "{":
        return _scan_members(text, at, path, found)
    if text[at] == "[":
        return _scan_items(text, at, path, found)
    return _decoder.raw_decode(text, at)[1]


def _scan_members(text: str, at: int, path: str, found: list[tuple[str, int]]) -> int:
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = _decoder.raw_decode(text, at)
        colon = _skip(text, end)
        at = _skip(text, _scan(text, _skip(text, colon + 1), f"{path}.{name}".lstrip("."), found))
        at = _skip(text, at + 1) if text[at] == "," else at
    return at + 1


def _scan_items(text: str, at: int, path: str, found: list[tuple[str, int]]) -> int:
    at, number = _skip(text, at + 1), 0
    while text[at] != "]":
        at = _skip(text, _scan(text, at, f"{path}[{number}]", found))
        at, number = (_skip(text, at + 1) if text[at] == "," else at), number + 1
    return at + 1


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
