"""Times a call."""

import statistics
import time
from collections.abc import Callable

from tests.benchmark.figures import Timing

WARM_UP_CALLS = 3
MIN_CALLS = 5


def time_call(name: str, call: Callable[[], object], seconds: float, note: str = "") -> Timing:
    """Call for about `seconds`, at least `MIN_CALLS` times, after a warm-up that does not count."""
    for _ in range(WARM_UP_CALLS):
        call()
    walls: list[float] = []
    cpu, end = time.process_time(), time.perf_counter() + seconds
    while len(walls) < MIN_CALLS or time.perf_counter() < end:
        began = time.perf_counter()
        call()
        walls.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    return Timing(name, statistics.median(walls) * 1000, cpu / len(walls) * 1000, len(walls), note)
