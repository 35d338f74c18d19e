"""Who acts, and the deeds that the audit log knows."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an operator by name, a key of the API, or whoever holds the machine's command line."""

    name: str
    role: str
    """Role of an operator; `api` for a key, `command` for the command line, `service` for the service."""


COMMAND_LINE = Actor("command line", "command")


def api_key(key_id: str) -> Actor:
    """Return the actor that a key of the API is."""
    return Actor(f"key {key_id}", "api")


class Action(StrEnum):
    """What was done; the value is what exports and filters say, and never changes."""

    CONFIGURATION_PUBLISHED = "configuration.published"
    CONFIGURATION_ROLLED_BACK = "configuration.rolled_back"
    CONFIGURATION_DELETED = "configuration.deleted"
    SIGNING_SECRET_CREATED = "signing_secret.created"  # noqa: S105 -- a label
    SIGNING_SECRET_RETIRED = "signing_secret.retired"  # noqa: S105
    WEBHOOK_SECRET_CREATED = "webhook_secret.created"  # noqa: S105
    WEBHOOK_SECRET_RETIRED = "webhook_secret.retired"  # noqa: S105
    WEBHOOK_REPLAYED = "webhook.replayed"
    WEBHOOK_TESTED = "webhook.tested"
    API_KEY_CREATED = "api_key.created"
    API_KEY_ROTATED = "api_key.rotated"
    API_KEY_REVOKED = "api_key.revoked"
    MASTER_KEY_ROTATED = "master_key.rotated"
    FACE_DELETED = "face.deleted"
    FACES_DELETED = "faces.deleted"
    FACE_BLOCKED = "face.blocked"
    FACE_UNBLOCKED = "face.unblocked"
    COLLECTION_CHANGED = "collection.changed"
    COLLECTION_RESET = "collection.reset"
    COLLECTION_DELETED = "collection.deleted"
    COLLECTION_ROTATED = "collection.rotated"
    SESSION_CANCELLED = "session.cancelled"
    SESSION_REDACTED = "session.redacted"
    REVIEW_VOTED = "review.voted"
    REVIEW_DECIDED = "review.decided"
    LOGO_UPLOADED = "logo.uploaded"
    OPERATOR_INVITED = "operator.invited"
    OPERATOR_CREATED = "operator.created"
    OPERATOR_CHANGED = "operator.changed"
    OPERATOR_REMOVED = "operator.removed"
    OPERATOR_SIGNED_IN = "operator.signed_in"
    OPERATOR_SIGN_IN_REFUSED = "operator.sign_in_refused"
    OPERATOR_SIGNED_OUT = "operator.signed_out"
    AUDIT_EXPORTED = "audit.exported"
