"""The one way to write an entry as text, and its hash."""

import hashlib
import json
from typing import Any

from app.models import AuditEntry

# What the first entry follows.
GENESIS = "0" * 64


def canonical_json(value: object) -> str:
    """Return JSON with sorted names, no spaces and letters unescaped: equal values give equal text.

    `ValueError` or `TypeError` for what JSON does not have, not-a-number included.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def document_of(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as a JSON object, its hash apart: what the hash is made of, and what is exported."""
    return {
        "number": entry.number,
        "at": float(entry.at),
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "subject": entry.subject,
        "before": _value(entry.before),
        "after": _value(entry.after),
        "previousHash": entry.previous_hash,
    }


def hash_of(entry: AuditEntry) -> str:
    """Return the SHA-256 over an entry's canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(document_of(entry)).encode()).hexdigest()


def _value(text: str | None) -> Any:  # noqa: ANN401 -- any JSON value
    return None if text is None else json.loads(text)
