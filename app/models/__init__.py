"""All tables, imported here so that `Base.metadata` is complete."""

from app.models.api_key import ApiKey
from app.models.attempt import CaptureAttempt, CaptureBatch
from app.models.attempt_limit import AttemptLimit
from app.models.audit import AuditEntry, AuditHead
from app.models.branding import BrandLogo
from app.models.consent import ConsentRecord
from app.models.erasure import PendingErasure
from app.models.face import Collection, CollectionKind, Face, FaceKey, NextTemplate
from app.models.handover import Handover
from app.models.heartbeat import WorkerHeartbeat
from app.models.idempotency import IdempotentRequest
from app.models.metric import MetricRollup
from app.models.operator import LoginThrottle, Operator, OperatorLink, OperatorSession, RecoveryCode
from app.models.operator_draft import ConfigurationDraft
from app.models.outbox import FaceEvent, OutboxEvent
from app.models.project import Project, SigningSecretRow
from app.models.redaction import Redaction
from app.models.result_code import ResultCode
from app.models.retained_key import RetainedKey
from app.models.review import ReviewCase, ReviewVote
from app.models.verification import Verification, VerificationVersion
from app.models.verification_session import FindingRow, SessionTransition, SpentNonce, VerificationSession
from app.models.webhook import WebhookApiKey, WebhookAttempt, WebhookDelivery, WebhookSecret

__all__ = [
    "ApiKey",
    "AttemptLimit",
    "AuditEntry",
    "AuditHead",
    "BrandLogo",
    "CaptureAttempt",
    "CaptureBatch",
    "Collection",
    "CollectionKind",
    "ConfigurationDraft",
    "ConsentRecord",
    "Face",
    "FaceEvent",
    "FaceKey",
    "FindingRow",
    "Handover",
    "IdempotentRequest",
    "LoginThrottle",
    "MetricRollup",
    "NextTemplate",
    "Operator",
    "OperatorLink",
    "OperatorSession",
    "OutboxEvent",
    "PendingErasure",
    "Project",
    "RecoveryCode",
    "Redaction",
    "ResultCode",
    "RetainedKey",
    "ReviewCase",
    "ReviewVote",
    "SessionTransition",
    "SigningSecretRow",
    "SpentNonce",
    "Verification",
    "VerificationSession",
    "VerificationVersion",
    "WebhookApiKey",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookSecret",
    "WorkerHeartbeat",
]
