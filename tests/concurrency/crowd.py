"""Two hundred processes that do one thing at the same moment; some of them are killed in the middle.

Run as a module this file is the crowd: it rehearses once, so that everything is imported and every statement
compiled, forks, connects everybody and opens the gate. Everybody tells when his transaction is about to
commit, and what came of it; whoever is to die is killed by signal 9 in between.
"""

import gc
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app import db as database_module
from app.db import Database
from tests.concurrency.scenes import SCENES

PEOPLE = 200
# Where other work takes the processor, two hundred turns take longer than anybody waits in production;
# who gives up tells nothing of who may enrol.
PATIENCE_MS = 240_000
Act = Callable[[int], str]


@dataclass
class Outcome:
    """What came of it."""

    answers: list[str] = field(default_factory=list)
    """Of those who lived to tell, in no order."""
    killed: int = 0


def gather(url: str, scene: str, kills: int = 0, **props: Any) -> Outcome:
    """Run the scene in `PEOPLE` processes, `kills` of which die before they commit."""
    command = [sys.executable, "-W", "ignore", "-m", __name__, url, scene, str(kills), json.dumps(props)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return Outcome(**json.loads(ran.stdout))


class Rehearsal(Exception):
    """Keeps a rehearsal from being committed."""


def run(url: str, scene: str, kills: int, props: dict[str, Any]) -> Outcome:
    database, act = Database(url), SCENES[scene]
    rehearse(lambda: act(database, PEOPLE, **props))
    database.engine.dispose()
    gc.collect()
    gc.freeze()  # or else two hundred collections would copy all memory two hundred times
    gate, news = os.pipe(), os.pipe()
    pids = {
        number: _fork(number, lambda number: act(database, number, **props), database, gate, news)
        for number in range(PEOPLE)
    }
    os.close(news[1])
    with os.fdopen(news[0]) as told:
        for _ in pids:
            assert told.readline() == "ready\n"
        os.close(gate[1])  # everybody goes
        outcome = _watch(told, pids, kills)
    for pid in pids.values():
        os.waitpid(pid, 0)
    return outcome


def _watch(told: Any, pids: dict[int, int], kills: int) -> Outcome:
    """Kill the first few who come to the commit, and others at random, until all have told or died."""
    outcome, rng = Outcome(), random.Random(1)
    for line in told:
        word, number, answer = json.loads(line)
        if word == "done":
            outcome.answers.append(answer)
        elif outcome.killed < kills and (outcome.killed < kills // 2 or rng.random() < 0.5):
            os.kill(pids[number], signal.SIGKILL)
            outcome.killed += 1
    return outcome


def rehearse(act: Callable[[], str]) -> None:
    def refuse(_: Session) -> None:
        raise Rehearsal

    event.listen(Session, "before_commit", refuse)
    with suppress(Rehearsal):
        act()
    event.remove(Session, "before_commit", refuse)


def _fork(number: int, act: Act, database: Database, gate: tuple[int, int], news: tuple[int, int]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            os.close(gate[1])
            _be(number, act, database, gate[0], news[1])
        finally:
            os._exit(0)
    return pid


def _be(number: int, act: Act, database: Database, gate: int, news: int) -> None:
    def tell(text: str) -> None:
        os.write(news, f"{text}\n".encode())  # one write: lines of many processes never mix

    def about_to_commit(_: Session) -> None:
        tell(json.dumps(["inside", number, ""]))
        take_time()

    with database.reading() as db:
        db.execute(text("SELECT 1"))
    tell("ready")
    os.read(gate, 1)
    event.listen(Session, "before_commit", about_to_commit)
    tell(json.dumps(["done", number, act(number)]))


def take_time() -> None:
    """Work for about 3 ms, as a decision may: everybody else has the chance to come in between."""
    hashlib.pbkdf2_hmac("sha256", b"", b"", 5_000)


if __name__ == "__main__":
    database_module.BUSY_TIMEOUT_MS = PATIENCE_MS
    result = run(sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4]))
    print(json.dumps({"answers": result.answers, "killed": result.killed}))  # noqa: T201
