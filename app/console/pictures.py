"""Pictures of metrics: plain shapes that a template draws as SVG. Coordinates are in picture units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.metrics.counting import DAY_SECONDS
from app.metrics.reading import Bar, Moment
from app.metrics.scales import Scale

WIDTH, HEIGHT = 720, 180
LABELS = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One bar that stands: passed below, the rest on it."""

    x: float
    width: float
    passed: float
    """Height of the lower part."""
    rest: float
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Bars side by side over time, the line of the pass rate over them."""

    columns: tuple[Column, ...]
    labels: tuple[Label, ...]
    line: str
    """Path of the share that passed; empty while there is too little to draw."""
    top: int
    """What a bar of full height stands for."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars of scores with the threshold in its place."""

    evidence: str
    title: str
    sentence: str
    """What the score says."""
    bars: tuple[tuple[Column, Bar], ...]
    labels: tuple[Label, ...]
    threshold: float | None
    threshold_at: float | None
    """Place of the threshold on the picture; None when it lies outside or there is none."""
    passes_above: bool
    top: int


@dataclass(frozen=True, slots=True)
class Lying:
    """One bar that lies, with its label before it."""

    label: str
    count: int
    share: float
    """Of the longest bar, 0…1."""
    lost: int = 0
    """How many fewer than in the bar above."""


def columns_of(series: Sequence[Moment], seconds: int) -> Columns:
    """Return the picture of sessions over time."""
    top = round_up(max((each.total for each in series), default=0))
    width = WIDTH / max(len(series), 1)
    columns = tuple(
        Column(
            round(number * width, 2),
            round(width * 0.8, 2),
            round(HEIGHT * each.passed / top, 2),
            round(HEIGHT * (each.total - each.passed) / top, 2),
            f"{_moment(each.start, seconds)}: {each.total} sessions, {each.passed} passed",
        )
        for number, each in enumerate(series)
    )
    every = max(1, math.ceil(len(series) / LABELS))
    labels = tuple(
        Label(round((number + 0.4) * width, 2), _moment(each.start, seconds))
        for number, each in enumerate(series)
        if number % every == 0
    )
    return Columns(columns, labels, _rate_line(series, width), top)


def histogram_of(
    evidence: str,
    words: tuple[str, str],
    bars: Sequence[Bar],
    scale: Scale,
    threshold: float | None,
    passes_above: bool,
) -> Histogram:
    """Return the picture of one kind of score; bars are without gaps, so that their number is their place."""
    top = round_up(max((bar.passed + bar.failed for bar in bars), default=0))
    width = WIDTH / max(len(bars), 1)
    columns = tuple(
        (
            Column(
                round(number * width, 2),
                round(width * 0.86, 2),
                round(HEIGHT * bar.passed / top, 2),
                round(HEIGHT * bar.failed / top, 2),
                f"{bar.low:.4g} to {bar.high:.4g}: {bar.passed} passed, {bar.failed} did not",
            ),
            bar,
        )
        for number, bar in enumerate(bars)
    )
    every = max(1, math.ceil(len(bars) / LABELS))
    labels = tuple(
        Label(round(number * width, 2), f"{bar.low:.3g}")
        for number, bar in enumerate(bars)
        if number % every == 0
    )
    return Histogram(
        evidence, *words, columns, labels, threshold,
        _place(bars, scale, threshold), passes_above, top,
    )  # fmt: skip


def lying_bars(counts: Sequence[tuple[str, int]], *, falling: bool = False) -> tuple[Lying, ...]:
    """Return bars that lie, as long as their counts; `falling` ones say what was lost since the one above."""
    longest = max((count for _, count in counts), default=0) or 1
    above = [counts[0][1], *(count for _, count in counts)] if falling and counts else [0] * len(counts)
    return tuple(
        Lying(label.replace("_", " "), count, count / longest, max(0, before - count))
        for (label, count), before in zip(counts, above, strict=False)
    )


def round_up(count: int) -> int:
    """Return the next 1, 2 or 5 with zeros behind it: what people like to read on an axis."""
    if count <= 1:
        return 1
    power: int = 10 ** int(math.log10(count))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= count)


def _place(bars: Sequence[Bar], scale: Scale, value: float | None) -> float | None:
    if value is None or not bars:
        return None
    low, high = (_on_axis(scale, each) for each in (bars[0].low, bars[-1].high))
    share = (_on_axis(scale, value) - low) / (high - low)
    return round(WIDTH * share, 2) if 0 <= share <= 1 else None


def _on_axis(scale: Scale, value: float) -> float:
    return math.log10(max(value, scale.least)) if scale.logarithmic else value


def _rate_line(series: Sequence[Moment], width: float) -> str:
    points = [
        f"{round((number + 0.4) * width, 2)} {round(HEIGHT * (1 - each.passed / each.total), 2)}"
        for number, each in enumerate(series)
        if each.total
    ]
    return f"M{'L'.join(points)}" if len(points) > 1 else ""


def _moment(start: int, seconds: int) -> str:
    style = "%d %b" if seconds == DAY_SECONDS else "%d %b %H:%M"
    return datetime.fromtimestamp(start, UTC).strftime(style)
