"""Reports as plain text for a terminal."""

from collections.abc import Mapping, Sequence


def render_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under a header, columns aligned, numbers as people read them."""
    lines = [list(header), *([render_value(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def render_report(report: Mapping[str, object]) -> str:
    """Return the plain numbers of a report, one a line, and its lists and groups as tables below."""
    plain = {name: value for name, value in report.items() if not _is_nested(value)}
    parts = [render_table(("measure", "value"), list(plain.items()))]
    parts += [f"{name}\n{_nested(value)}" for name, value in report.items() if _is_nested(value)]
    return "\n\n".join(parts)


def render_value(value: object) -> str:
    """Return one cell: five significant digits, intervals as `low … high`, absent values as a dash."""
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return " … ".join(render_value(part) for part in value)
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list)


def _nested(value: object) -> str:
    rows = list(value) if isinstance(value, list) else []
    if isinstance(value, Mapping):
        rows = [
            {"group": name, **(each if isinstance(each, Mapping) else {"value": each})}
            for name, each in value.items()
        ]
    header = list(rows[0]) if rows else []
    return render_table(header, [[row[name] for name in header] for row in rows])
