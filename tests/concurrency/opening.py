"""What one process of a crowd does; a module of its own, so that the crowd can import it."""

from multiprocessing.synchronize import Barrier
from typing import Any

from app import flow
from app.db import Database
from app.runtime import Runtime
from app.sealing import Sealer
from tests.service import MASTER_KEY, NOON


def open_once(url: str, link: str, barrier: Barrier, answers: Any) -> None:
    """Open the link when everybody is ready, as a browser without cookies, and tell the session's id."""
    verification_id, _, query = link.partition("?")
    # Opening touches neither models nor policy, so this process has none.
    runtime = Runtime(
        settings=None,  # type: ignore[arg-type]
        database=Database(url),
        sealer=Sealer(MASTER_KEY),
        engine=None,  # type: ignore[arg-type]
        policy=None,  # type: ignore[arg-type]
        calibration=None,  # type: ignore[arg-type]
        index=None,  # type: ignore[arg-type]
    )
    barrier.wait(60)
    checked = flow.check_link(runtime, verification_id, query.encode(), None, NOON)
    opened = flow.open_link(runtime, checked, lambda _: None, NOON)
    runtime.database.engine.dispose()
    answers.put(opened.session_id)
