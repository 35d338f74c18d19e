"""The payload of a face: any small JSON value that the relying site keeps with it."""

import json
import math

from app.errors import InputError, TooLargeError

# As much as the hosted services that this one stands in for accept.
MAX_BYTES = 16 * 1024
# Deeper nesting serves nobody, and parsers of other languages stop at some depth.
MAX_DEPTH = 20


def checked_payload(value: object, field: str = "payload") -> object:
    """Return the value if it is JSON of at most 16 KB; otherwise `InputError` naming the part at fault."""
    _check(value, field, MAX_DEPTH)
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise TooLargeError(field, f"has {size} bytes as JSON, at most {MAX_BYTES} are kept")
    return value


def _check(value: object, field: str, depth: int) -> None:
    if depth < 0:
        raise InputError(field, f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str):
                raise InputError(field, "has a name that is no text")
            _check(part, f"{field}.{name}", depth - 1)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            _check(part, f"{field}[{number}]", depth - 1)
    else:
        _check_scalar(value, field)


def _check_scalar(value: object, field: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(field, "is not a finite number")
    if value is not None and not isinstance(value, str | int | float | bool):
        raise InputError(field, f"is no JSON value ({type(value).__name__})")
