"""Checks of what operators made: verifications, secrets, keys, the audit log."""

from collections.abc import Iterator

from sqlalchemy import func, select

from app.audit.verification import verify
from app.checks.results import Facts, Level, Result
from app.models import ApiKey, AuditEntry, Project, SigningSecretRow, WebhookApiKey, WebhookSecret
from app.verifications.configuration import Configuration, LivenessType
from app.verifications.store import list_verifications, load_current
from app.vocabulary import ChallengeType

DAY_SECONDS = 24 * 3600
SECRET_GROWS_OLD_SECONDS = 365 * DAY_SECONDS
KEY_UNUSED_SECONDS = 90 * DAY_SECONDS
# Longer than this needs a reason that data protection accepts.
LONG_SESSION_DAYS = 90
# Beyond this the check would keep a person waiting; `flask audit verify` shows its progress.
MOST_AUDIT_ENTRIES = 100_000

_Found = Iterator[tuple[str, Level, str, str]]
"""Id, level, what was found, what to do."""


def verifications(facts: Facts) -> list[Result]:
    """Check every verification that links can point at."""
    listed = list_verifications(facts.db)
    if not listed:
        hint = "Make one in the console, or with `flask verifications import`."
        return [Result("verifications.any", Level.ERROR, "there is no verification", hint)]
    results = []
    for row in listed:
        found = list(_problems(facts, load_current(facts.db, row.id).configuration))
        results += [Result(*each, subject=row.id) for each in found]
        if not found:
            said = f"{row.name} has nothing to complain about"
            results.append(Result("verifications.fine", Level.OK, said, subject=row.id))
    return results


def _problems(facts: Facts, configuration: Configuration) -> _Found:
    yield from _security(facts, configuration)
    yield from _redirects(configuration)
    yield from _liveness(configuration)
    yield from _webhook(facts, configuration)
    yield from _retention(configuration)


def _security(facts: Facts, configuration: Configuration) -> _Found:
    security = configuration.security_config
    if not security.force_signed_input:
        yield (
            "verifications.signed", Level.ERROR, "links need no signature",
            "Switch forceSignedInput on: otherwise anybody makes links for any external id.",
        )  # fmt: skip
    if not security.require_nonce:
        yield (
            "verifications.nonce", Level.WARNING, "links may be used again",
            "Switch requireNonce on, and check the echoed reNonce in the result.",
        )  # fmt: skip
    if "verifeye-sha256" in security.signature_schemes:
        yield (
            "verifications.scheme", Level.WARNING, "the foreign signature scheme is on",
            "It is not bound to the verification: switch it off when all links are signed with hmac-sha256.",
        )  # fmt: skip
    if security.allowed_countries and not facts.settings.country_header:
        yield (
            "verifications.countries", Level.ERROR, "countries are limited, and no country is ever known",
            "Set VISAVIS_COUNTRY_HEADER to the header in which your proxy names the country.",
        )  # fmt: skip
    if any(origin.startswith("http:") for origin in security.frame_ancestors):
        yield (
            "verifications.frames", Level.WARNING, "a site without https may embed the page",
            "Take loopback origins out of frameAncestors.",
        )  # fmt: skip


def _redirects(configuration: Configuration) -> _Found:
    redirect, overrides = configuration.redirect_config, configuration.session_override_config
    urls = [redirect.passed_url, redirect.failed_url, *redirect.allowed_redirect_urls]
    if any(url is not None and url.startswith("http:") for url in urls):
        yield (
            "verifications.redirects", Level.WARNING, "a result is sent without https",
            "Replace loopback addresses in redirectConfig.",
        )  # fmt: skip
    if redirect.passed_url is None or redirect.failed_url is None:
        yield (
            "verifications.targets", Level.WARNING, "people are not sent back to the site",
            "Set passedUrl and failedUrl, unless the page is embedded or the result is asked for by API.",
        )  # fmt: skip
    if overrides.allow_redirect_overrides and not redirect.allowed_redirect_urls:
        yield (
            "verifications.allow-list", Level.ERROR, "links may name targets, and none is allowed",
            "Fill allowedRedirectUrls, or switch allowRedirectOverrides off.",
        )  # fmt: skip
    if overrides.allow_verifier_overrides:
        yield (
            "verifications.overrides", Level.WARNING, "links may switch verifiers off",
            "A return visit without liveness passes with a photo: switch it off unless you need it.",
        )  # fmt: skip


def _liveness(configuration: Configuration) -> _Found:
    liveness = configuration.verifier_configs.liveness
    if liveness.type is LivenessType.DISABLED:
        yield (
            "verifications.liveness", Level.WARNING, "liveness is off",
            "A photo held to the camera passes whatever else is checked.",
        )  # fmt: skip
    elif liveness.challenge_type is ChallengeType.BASIC:
        yield (
            "verifications.liveness", Level.WARNING, "liveness is passive only",
            "Use Balanced or Advanced: the passive check alone only keeps honest people honest.",
        )  # fmt: skip


def _webhook(facts: Facts, configuration: Configuration) -> _Found:
    url = configuration.webhook_config.event_callback_url
    if url is None:
        return
    if not url.startswith("https:"):
        yield (
            "verifications.webhook-https", Level.ERROR, "events are sent without https",
            "Give eventCallbackUrl an https address.",
        )  # fmt: skip
    yield from _webhook_key(facts, configuration)
    live = select(func.count()).where(
        WebhookSecret.verification_id == configuration.id, WebhookSecret.retired_at.is_(None)
    )
    if not facts.db.scalar(live):
        yield (
            "verifications.webhook-secret", Level.ERROR, "the receiver has no secret to check events with",
            "Make one in the console, or with `flask webhooks secret`.",
        )  # fmt: skip


def _webhook_key(facts: Facts, configuration: Configuration) -> _Found:
    if not configuration.webhook_config.send_api_key:
        return
    yield (
        "verifications.webhook-key", Level.WARNING, "events carry a key that whoever sees one can reuse",
        "Let the receiver check webhook-signature, then switch sendApiKey off.",
    )  # fmt: skip
    if facts.db.get(WebhookApiKey, configuration.id) is None:
        yield (
            "verifications.webhook-key-missing", Level.ERROR, "X-API-Key is to be sent, and there is none",
            "Keep one with `flask webhooks api-key`, or switch sendApiKey off.",
        )  # fmt: skip


def _retention(configuration: Configuration) -> _Found:
    retention = configuration.retention_config
    if retention.session_days > LONG_SESSION_DAYS:
        yield (
            "verifications.retention", Level.WARNING, f"sessions are kept for {retention.session_days} days",
            "Keep them no longer than you can say what for.",
        )  # fmt: skip
    if (
        configuration.verifier_configs.face_recognition.type.value != "Disabled"
        and retention.face_days is None
    ):
        yield (
            "verifications.face-retention", Level.WARNING, "faces are kept until somebody deletes them",
            "Set faceDays, or make sure that your site deletes the face with the account.",
        )  # fmt: skip


def signing_secrets(facts: Facts) -> list[Result]:
    """Check that signing secrets are not too old."""
    old = facts.db.scalars(
        select(SigningSecretRow.id)
        .join(Project, Project.id == SigningSecretRow.project_id)
        .where(
            SigningSecretRow.retired_at.is_(None),
            SigningSecretRow.created_at < facts.now - SECRET_GROWS_OLD_SECONDS,
        )
    ).all()
    hint = "Add a second secret, sign with it, then retire the older one."
    if old:
        said = f"older than a year: {', '.join(old)}"
        return [Result("secrets.signing", Level.WARNING, said, hint)]
    return [Result("secrets.signing", Level.OK, "no signing secret is older than a year")]


def api_keys(facts: Facts) -> list[Result]:
    """Check that no key lies about unused."""
    used = func.coalesce(ApiKey.last_used_at, ApiKey.created_at)
    unused = facts.db.scalars(
        select(ApiKey.id).where(
            ApiKey.revoked_at.is_(None),
            (ApiKey.expires_at.is_(None)) | (ApiKey.expires_at > facts.now),
            used < facts.now - KEY_UNUSED_SECONDS,
        )
    ).all()
    if unused:
        said = f"unused for three months: {', '.join(unused)}"
        return [Result("secrets.api-keys", Level.WARNING, said, "Revoke keys that nobody uses.")]
    return [Result("secrets.api-keys", Level.OK, "every API key is in use, or there is none")]


def audit_log(facts: Facts) -> list[Result]:
    """Check the chain, unless it is too long for a check."""
    entries = facts.db.scalar(select(func.count()).select_from(AuditEntry)) or 0
    if entries > MOST_AUDIT_ENTRIES:
        return [Result("audit.chain", Level.HINT, f"{entries} entries", "Run `flask audit verify`.")]
    verdict = verify(facts.db, lambda rows, _: rows)
    if not verdict.is_good:
        said, hint = (
            f"entry {verdict.bad} is bad: {verdict.problem}",
            "Find out who can write to the database.",
        )
        return [Result("audit.chain", Level.ERROR, said, hint)]
    return [Result("audit.chain", Level.OK, f"{entries} entries are as they were written")]


CHECKS = (verifications, signing_secrets, api_keys, audit_log)
