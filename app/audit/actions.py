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
    """What was done, `noun.verb`; the console adds its own. What exports and filters say never changes."""

    CONFIGURATION_PUBLISH = "configuration.publish"
    CONFIGURATION_ROLL_BACK = "configuration.roll-back"
    CONFIGURATION_DELETE = "configuration.delete"
    SIGNING_SECRET_CREATE = "signing-secret.create"  # noqa: S105 -- a label
    SIGNING_SECRET_RETIRE = "signing-secret.retire"  # noqa: S105
    WEBHOOK_SECRET_CREATE = "webhook-secret.create"  # noqa: S105
    WEBHOOK_SECRET_RETIRE = "webhook-secret.retire"  # noqa: S105
    WEBHOOK_KEY_SET = "webhook-key.set"
    WEBHOOK_REPLAY = "webhook.replay"
    WEBHOOK_TEST = "webhook.test"
    API_KEY_CREATE = "api-key.create"
    API_KEY_ROTATE = "api-key.rotate"
    API_KEY_REVOKE = "api-key.revoke"
    MASTER_KEY_ROTATE = "master-key.rotate"
    FACE_DELETE = "face.delete"
    FACES_DELETE = "faces.delete"
    FACE_BLOCK = "face.block"
    FACE_UNBLOCK = "face.unblock"
    COLLECTION_CHANGE = "collection.change"
    COLLECTION_RESET = "collection.reset"
    COLLECTION_DELETE = "collection.delete"
    COLLECTION_ROTATE = "collection.rotate"
    SESSION_CANCEL = "session.cancel"
    SESSION_REDACT = "session.redact"
    REVIEW_VOTE = "review.vote"
    REVIEW_DECIDE = "review.decide"
    LOGO_UPLOAD = "logo.upload"
    AUDIT_EXPORT = "audit.export"
