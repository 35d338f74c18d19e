"""Errors of passive liveness, measured by `flask evaluate liveness`."""

from tests.benchmark.commands import ask, sets_of
from tests.benchmark.markdown import interval, number, percent, table
from tests.benchmark.section import Report, Run, Section

LIST = "pad.csv"
INTRODUCTION = """Whole photos and clips of real people and real attacks, judged by the passive model
alone, as the Basic level does. They can show how well one look tells a person from a print, and nothing
of what the other levels rest on: nobody in them obeys a movement or sits before a screen that changes
colour, so that movement, solid head, light and timing are not measured here at all. A replay that passes
here would still have to follow an order that it cannot know. Species with a dozen examples have bounds as
wide as printed, two replays say next to nothing, and all stills come from one collection, with its own
cameras, printers and people. Photos in which no face is found could not be taken by the service either;
they are told apart, not counted as stopped."""


def measure(run: Run) -> Report:
    """Evaluate every set of presentations; the scores of single ones are not kept."""
    reports = {
        folder.name: ask("evaluate", "liveness", "--root", folder, "--labels", folder / LIST)
        for folder in sets_of(run, "liveness", LIST)
    }
    return {"sets": {name: {**each, "items": None} for name, each in reports.items()}}


def render(report: Report) -> str:
    """Return the errors at the shipped threshold, and at others, of each set."""
    sets = [f"### Set `{name}`\n\n{_set(each)}" for name, each in report["sets"].items()]
    return "\n\n".join([INTRODUCTION, *sets])


def _set(report: Report) -> str:
    """Return the errors at the shipped threshold by kind, and what they rest on."""
    attacks, apcer95 = report.get("attacks", {}), report.get("apcer95", {})
    live = f" ({report['live']})" if "live" in report else ""
    rows = [[f"live refused (BPCER){live}", percent(report["bpcer"]), interval(report.get("bpcer95"))]]
    rows += [
        [
            f"{name} accepted (APCER)" + (f" ({attacks[name]})" if name in attacks else ""),
            percent(rate),
            interval(apcer95.get(name)),
        ]
        for name, rate in report["apcer"].items()
    ]
    model = f"Model `{report['model']}`. " if "model" in report else ""
    summary = (
        f"{model}Area under the ROC curve {number(report['auc'], 3)}{_area_bounds(report)} over "
        f"{report['n']} presentations; {report['notScored']} more could not be scored{_kinds(report)}. "
        f"At the shipped threshold {report['threshold']:g}:"
    )
    return "\n\n".join([summary, table(("measure", "rate", "95 % bounds"), rows), *_points_of(report)])


def _area_bounds(report: Report) -> str:
    bounds = report.get("auc95")
    return "" if bounds is None else f" (95 % bounds {number(bounds[0], 3)} … {number(bounds[1], 3)})"


def _kinds(report: Report) -> str:
    kinds = ", ".join(f"{name} {count}" for name, count in report.get("notScoredByKind", {}).items())
    return f" ({kinds})" if kinds else ""


def _points_of(report: Report) -> list[str]:
    """Return the table of thresholds chosen on the same presentations, if there is one."""
    rows = [
        [
            percent(point["bpcer"]),
            number(point["threshold"], 3),
            percent(point["apcerAll"]),
            percent(point["apcerWorst"]),
        ]
        for point in report.get("operatingPoints", [])
    ]
    header = ("live refused", "threshold", "attacks accepted", "of the worst species")
    lead = "Other thresholds, chosen on the same presentations and therefore too good for others:"
    return [f"{lead}\n\n{table(header, rows)}"] if rows else []


SECTION = Section("liveness", "Accuracy of passive liveness", measure, render)
