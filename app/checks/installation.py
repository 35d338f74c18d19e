"""Checks of the installation: settings, database, models, workers."""

import shutil
from pathlib import Path
from typing import Any

from app.checks.heartbeat import SILENT_AFTER_SECONDS, last_seen
from app.checks.results import Facts, Level, Result, judged
from app.db import SQLITE
from app.decision.policy import Policy
from app.errors import ModelPackError, SettingsError
from app.faces.calibration import read_calibration
from app.inference.engine import OpenPackEngine
from app.inference.manifest import load_manifest
from app.schema import require_current

GIGABYTE = 10**9
LEAST_FREE, COMFORTABLY_FREE = 1 * GIGABYTE, 5 * GIGABYTE
# 32 random bytes have about 30 different ones; a key that somebody typed has far fewer.
LEAST_DIFFERENT_BYTES = 16


def master_key(facts: Facts) -> list[Result]:
    """Check that the master key is random, and that an old one is not left lying about."""
    settings = facts.settings
    hint = "Make one with `flask keys generate`, then `flask keys rotate`."
    random = len(set(settings.master_key)) >= LEAST_DIFFERENT_BYTES
    results = judged(
        "secrets.master-key", random, "the master key looks random", "the master key is not random",
        hint, Level.ERROR,
    )  # fmt: skip
    if settings.previous_master_key is not None:
        said = "the key before the present one is still there"
        hint = "Run `flask keys rotate`, then take VISAVIS_PREVIOUS_MASTER_KEY away and destroy that key."
        results.append(Result("secrets.previous-master-key", Level.WARNING, said, hint))
    return results


def public_url(facts: Facts) -> list[Result]:
    """Check HTTPS, without which no browser opens the camera."""
    url = facts.settings.public_url
    hint = "Set VISAVIS_PUBLIC_URL to an https address; browsers open the camera on no other one."
    return judged(
        "url.https", facts.settings.is_https, f"{url} is https", f"{url} is not https", hint, Level.ERROR
    )


def trusted_proxies(facts: Facts) -> list[Result]:
    """Check that addresses of visitors are known, which limits per address rest on."""
    known = facts.settings.trusted_proxies > 0
    hint = (
        "Behind a reverse proxy set VISAVIS_TRUSTED_PROXIES to their number: otherwise all visitors have the"
        " proxy's address, and share one limit."
    )
    return judged(
        "url.trusted-proxies", known, "reverse proxies are trusted", "no reverse proxy is trusted",
        hint, Level.WARNING,
    )  # fmt: skip


def sandbox(facts: Facts) -> list[Result]:
    """Check that nobody can hold a rendered head into a camera that we offer."""
    return judged(
        "sandbox.off", not facts.settings.sandbox, "the sandbox is off", "the sandbox is on",
        "Set VISAVIS_SANDBOX=false: a rendered head passes.", Level.ERROR,
    )  # fmt: skip


def webhook_addresses(facts: Facts) -> list[Result]:
    """Check that webhooks cannot be sent into the own network."""
    return judged(
        "webhooks.addresses", not facts.settings.webhook_private_addresses,
        "webhooks go to public addresses only", "webhooks may go to private addresses",
        "Set VISAVIS_WEBHOOK_PRIVATE_ADDRESSES=false.", Level.ERROR,
    )  # fmt: skip


def rate_limits(facts: Facts) -> list[Result]:
    """Check that no limit is switched off."""
    settings = facts.settings
    limits = {
        "OPEN": settings.rate_limit_open,
        "CAPTURE": settings.rate_limit_capture,
        "API": settings.rate_limit_api,
    }
    off = [f"VISAVIS_RATE_LIMIT_{name}" for name, limit in limits.items() if not limit]
    return judged(
        "limits.rates", not off, "all limits are on", f"switched off: {', '.join(off)}",
        "Leave them at their defaults.", Level.WARNING,
    )  # fmt: skip


def migrations(facts: Facts) -> list[Result]:
    """Check the schema."""
    try:
        require_current(facts.database)
    except SettingsError as error:
        return [Result("database.migrations", Level.ERROR, str(error), "Run `flask migrate`.")]
    return [Result("database.migrations", Level.OK, "the schema is this release's")]


def database_engine(facts: Facts) -> list[Result]:
    """Say for what the database is good."""
    if facts.database.dialect != SQLITE:
        return [Result("database.engine", Level.OK, "PostgreSQL")]
    hint = "Good for one machine. For several, or for many simultaneous visits, use PostgreSQL."
    return [Result("database.engine", Level.HINT, "SQLite", hint)]


def disk_space(facts: Facts) -> list[Result]:
    """Check that there is room for the database, where it is a file here."""
    file = facts.database.engine.url.database
    if facts.database.dialect != SQLITE or not file:
        hint = "Watch the disk of the database server."
        return [Result("database.disk", Level.HINT, "the database is on another server", hint)]
    free = shutil.disk_usage(Path(file).resolve().parent).free
    level = Level.ERROR if free < LEAST_FREE else Level.WARNING
    said = f"{free / GIGABYTE:.1f} GB are free"
    return judged("database.disk", free >= COMFORTABLY_FREE, said, said, "Make room.", level)


def backups(_: Facts) -> list[Result]:
    """Remind of what cannot be seen from here."""
    hint = (
        "Back the database up, keep the master key apart from the backups, let backups expire (deleted faces"
        " live on in them), and try a restore."
    )
    return [Result("database.backups", Level.HINT, "whether there are backups cannot be seen", hint)]


def models(facts: Facts) -> list[Result]:
    """Check that every model file is the pinned one."""
    try:
        manifest = load_manifest(facts.settings.config_dir / "models.toml")
        manifest.verify(facts.settings.models_dir)
    except ModelPackError as error:
        hint = "Run `flask models verify`, then `flask models install`."
        return [Result("models.files", Level.ERROR, str(error), hint)]
    return [Result("models.files", Level.OK, "every model file has its hash")]


def calibration(facts: Facts) -> list[Result]:
    """Check that policy and thresholds are there for the models that run."""
    settings = facts.settings
    try:
        Policy.load(settings.config_dir / "policy.toml")
        engine: Any = OpenPackEngine.from_manifest(
            settings.models_dir,
            landmarker=settings.landmarker,
            threads=settings.inference_threads,
            manifest=load_manifest(settings.config_dir / "models.toml"),
        )
        found = read_calibration(settings.config_dir, engine.recognition_model, engine.landmarker_name)
    except (SettingsError, ModelPackError) as error:
        hint = "Run `flask calibrate recognition` with this model and landmarker."
        return [Result("models.calibration", Level.ERROR, str(error), hint)]
    said = f"{found.model} is calibrated on {found.people} people ({found.date})"
    return [Result("models.calibration", Level.OK, said)]


def worker(facts: Facts) -> list[Result]:
    """Check that somebody expires, delivers and erases."""
    seen = last_seen(facts.db)
    alive = seen is not None and facts.now - seen < SILENT_AFTER_SECONDS
    silence = "never" if seen is None else f"{facts.now - seen:.0f} s ago"
    return judged(
        "worker.alive", alive, f"a worker was last seen {silence}", f"a worker was last seen {silence}",
        "Run `flask worker` under a supervisor: without one nothing expires, is delivered or erased.",
        Level.ERROR,
    )  # fmt: skip


CHECKS = (
    master_key,
    public_url,
    trusted_proxies,
    sandbox,
    rate_limits,
    migrations,
    database_engine,
    disk_space,
    backups,
    models,
    calibration,
    worker,
    webhook_addresses,
)
