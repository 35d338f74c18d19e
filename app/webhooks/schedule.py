"""When a message is tried again."""

from collections.abc import Callable

# Seconds after the previous try: the schedule that the Standard Webhooks specification recommends, ten tries
# in 75 hours.
DELAYS_S: tuple[float, ...] = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
MAX_ATTEMPTS = len(DELAYS_S) + 1
# A receiver that comes back should not meet everybody's retry in the same second.
JITTER = 0.1


def next_delay(attempts: int, jitter: Callable[[], float]) -> float | None:
    """Return the seconds to wait after the `attempts`th failed try; None when that was the last.

    `jitter` returns a number in 0…1; the delay is changed by up to ±10 %.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    return DELAYS_S[attempts - 1] * (1 + JITTER * (2 * jitter() - 1))
