"""A false match rate as people can read it."""


def one_in(rate: float | None) -> str | None:
    """Return a rate as `1 in N`."""
    return None if rate is None else f"1 in {round(1 / rate)}"
