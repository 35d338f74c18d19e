"""Errors of face detection, measured by `flask evaluate detection`."""

from tests.benchmark.commands import ask, data_of
from tests.benchmark.markdown import interval, percent, table
from tests.benchmark.section import Report, Run, Section


def measure(run: Run) -> Report:
    """Count the faces of labelled photos."""
    folder = data_of(run, "detection")
    return ask("evaluate", "detection", "--root", folder, "--labels", folder / "detect.csv")


def render(report: Report) -> str:
    """Return how often the count is right."""
    empty = f" ({report['emptyScenes']})" if "emptyScenes" in report else ""
    rows = [
        [what, percent(report[key]), interval(report.get(f"{key}95"))]
        for what, key in (
            (f"photos counted exactly ({report['n']})", "exactCount"),
            (f"empty scenes without a face found{empty}", "emptyScenesClean"),
        )
    ]
    return table(("measure", "share", "95 % bounds"), rows)


SECTION = Section("detection", "Accuracy of detection", measure, render)
