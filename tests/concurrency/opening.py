"""What one process of a crowd does.

A module of its own that needs nothing but the application: a fork server imports it once for all.
"""

from multiprocessing.synchronize import Barrier
from typing import Any

from app import flow
from app.db import Database
from app.runtime import Runtime
from app.sealing import Sealer


def open_once(url: str, link: str, master_key: bytes, now: float, barrier: Barrier, answers: Any) -> None:
    """Open the link when everybody is ready, as a browser without cookies, and tell the session's id."""
    verification_id, _, query = link.partition("?")
    # Opening touches neither models nor policy, so this process has none.
    runtime = Runtime(
        settings=None,  # type: ignore[arg-type]
        database=Database(url),
        sealer=Sealer(master_key),
        engine=None,  # type: ignore[arg-type]
        policy=None,  # type: ignore[arg-type]
        calibration=None,  # type: ignore[arg-type]
        index=None,  # type: ignore[arg-type]
    )
    barrier.wait(60)
    checked = flow.check_link(runtime, verification_id, query.encode(), None, now)
    opened = flow.open_link(runtime, checked, lambda _: None, now)
    runtime.database.engine.dispose()
    answers.put(opened.session_id)
