"""Errors of age and gender, measured by `flask evaluate age`."""

from tests.benchmark.commands import ask, data_of
from tests.benchmark.markdown import interval, number, percent, table
from tests.benchmark.section import Report, Run, Section


def measure(run: Run) -> Report:
    """Evaluate the labelled faces."""
    folder = data_of(run, "age")
    return ask("evaluate", "age", "--root", folder, "--labels", folder / "ages.csv")


def render(report: Report) -> str:
    """Return the error by band of age, and gender."""
    counts = report.get("nByBand", {})
    rows = [[f"all ({report['n']})", number(report["mae"]), interval(report.get("mae95"), number)]]
    rows += [
        [f"{band} years" + (f" ({counts[band]})" if band in counts else ""), number(mae), ""]
        for band, mae in report["maeByBand"].items()
    ]
    bounds = interval(report.get("genderAccuracyFrom16_95"))
    gender = (
        f"Gender: {percent(report['genderAccuracyFrom16'])} right from 16 years"
        + (f" (95 % bounds {bounds})" if bounds else "")
        + f", {percent(report['genderAccuracy'])} of all."
    )
    return table(("age", "mean absolute error, years", "95 % bounds"), rows) + f"\n\n{gender}"


SECTION = Section("age", "Accuracy of age and gender", measure, render)
