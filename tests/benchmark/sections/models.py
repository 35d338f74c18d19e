"""What each model costs, and one frame through the pipeline."""

from collections.abc import Sequence
from dataclasses import asdict

from tests.benchmark import people
from tests.benchmark.markdown import number, table
from tests.benchmark.models import time_frame, time_models
from tests.benchmark.section import Report, Run, Section

INTRODUCTION = "One 480×360 frame of one person, one thread per ONNX model."
SECONDS, QUICK_SECONDS = 1.5, 0.1


def measure(run: Run) -> Report:
    """Call each model, and the pipeline, again and again."""
    engine, picture, seconds = people.engine(), people.picture(), QUICK_SECONDS if run.quick else SECONDS
    models = time_models(engine, people.MODELS, picture, seconds, people.watched("models"))
    frame = time_frame(engine, picture, seconds, people.watched("frame"))
    return {"models": [asdict(each) for each in models], "frame": [asdict(each) for each in frame]}


def render(report: Report) -> str:
    """Return both tables."""
    heading = "### One frame through the pipeline"
    return f"{INTRODUCTION}\n\n{_table(report['models'])}\n\n{heading}\n\n{_table(report['frame'])}"


def _table(timings: Sequence[Report]) -> str:
    rows = [
        [each["name"], number(each["wall_ms"]), number(each["cpu_ms"]), str(each["calls"]), each["note"]]
        for each in timings
    ]
    return table(("call", "ms (median)", "processor ms (mean)", "calls", ""), rows)


SECTION = Section("models", "Models", measure, render)
