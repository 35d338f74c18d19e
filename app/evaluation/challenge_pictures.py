"""A picture of the challenge's error rates."""

from pathlib import Path

from app.evaluation.challenge import ChallengeReport
from app.evaluation.pictures import require_matplotlib

COLOURS = {"Balanced": "#4477aa", "Advanced": "#cc6677"}


def draw_challenge(path: Path, report: ChallengeReport) -> Path:
    """Draw every rate with its exact 95 % bounds; return the file."""
    pyplot = require_matplotlib()
    rows = list(report.rows)[::-1]
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.34 * len(rows)))
    for place, row in enumerate(rows):
        low, high = (100 * bound for bound in row.bounds)
        colour = COLOURS.get(row.level, "grey")
        axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.45)
        axes.plot(100 * row.rate, place, "o", color=colour)
    names = [f"{row.level}: {'BPCER' if row.bona_fide else 'APCER'}, {row.title}" for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set(xlabel="%, with exact 95 % bounds", title=f"Challenge, tier {report.tier}")
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_xlim(0, 100)
    axes.grid(visible=True, axis="x", alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
