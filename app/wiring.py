"""Builds the parts of a running service from its settings; everything that can be wrong fails here."""

import random
import secrets
import time
from collections.abc import Callable

from app.db import Database
from app.decision.policy import Policy
from app.faces.calibration import read_calibration
from app.faces.search.engines import search_engine_for
from app.inference.engine import OpenPackEngine
from app.inference.manifest import load_manifest
from app.inference.types import FaceEngine
from app.resealing import retained_keys
from app.runtime import Runtime
from app.sealing import Sealer
from app.settings import Settings


def build_runtime(
    settings: Settings,
    *,
    engine: FaceEngine | None = None,
    clock: Callable[[], float] = time.time,
    rng: random.Random | None = None,
) -> Runtime:
    """Check models, policy and calibration and return the parts; tests bring engine, clock and chance.

    Raises `SettingsError` or `ModelPackError` naming what to mend; models load at first use, after the
    server has forked its workers.
    """
    engine = engine or _load_engine(settings, settings.landmarker)
    database = Database(settings.database_url)
    return Runtime(
        settings=settings,
        database=database,
        sealer=Sealer(settings.master_key, settings.previous_master_key, retained_keys(database)),
        engine=engine,
        policy=Policy.load(settings.config_dir / "policy.toml"),
        calibration=read_calibration(settings.config_dir, engine.recognition_model, engine.landmarker_name),
        index=search_engine_for(database),
        successor=_load_engine(settings, settings.next_landmarker) if settings.next_landmarker else None,
        clock=clock,
        rng=rng or secrets.SystemRandom(),
    )


def _load_engine(settings: Settings, landmarker: str) -> OpenPackEngine:
    return OpenPackEngine.from_manifest(
        settings.models_dir,
        landmarker=landmarker,
        threads=settings.inference_threads,
        manifest=load_manifest(settings.config_dir / "models.toml"),
    )
