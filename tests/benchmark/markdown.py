"""Numbers and tables as Markdown."""

from collections.abc import Callable, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; columns after the first are right-aligned when they hold numbers."""
    rule = ["---", *("---:" if _is_numeric(rows, column) else "---" for column in range(1, len(header)))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def number(value: float | None, decimals: int = 2) -> str:
    """Return a number, or a dash for one that was not measured."""
    return "–" if value is None else f"{value:.{decimals}f}"


def percent(share: float | None, decimals: int = 2) -> str:
    """Return a share of 0…1 as a percentage."""
    return "–" if share is None else f"{100 * share:.{decimals}f} %"


def interval(bounds: Sequence[float] | None, render: Callable[[float], str] = percent) -> str:
    """Return bounds, or nothing where there are none."""
    return "" if bounds is None else f"{render(bounds[0])} … {render(bounds[1])}"


def _is_numeric(rows: Sequence[Sequence[str]], column: int) -> bool:
    return all(not row[column] or row[column][0] in "0123456789–<" for row in rows)
