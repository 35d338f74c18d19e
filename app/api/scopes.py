"""What a key or token may do."""

from enum import StrEnum


class Scope(StrEnum):
    """One right; a key has those that it was made with."""

    VERIFICATIONS_READ = "verifications:read"
    VERIFICATIONS_WRITE = "verifications:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    FACES_READ = "faces:read"
    FACES_WRITE = "faces:write"
    SIGNATURES = "signatures"
    DETECTION = "detection"


class Unscoped(StrEnum):
    """What an operation needs that touches nobody's data."""

    ANY_KEY = "any key"
    """A secret key, never a token: a token must not prolong its own life."""
    ANY_CALLER = "any key or token"


Need = Scope | Unscoped
