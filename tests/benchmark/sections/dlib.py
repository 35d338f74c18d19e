"""The recognition network here and in dlib itself."""

from dataclasses import asdict

from tests.benchmark import people
from tests.benchmark.against_dlib import DlibInstallation, compare, cut_chips, install_dlib
from tests.benchmark.figures import DlibFigures
from tests.benchmark.machine import usable_cores
from tests.benchmark.markdown import number, table
from tests.benchmark.section import Report, Run, Section, UnmeasuredError

ROUNDS, QUICK_ROUNDS = 3, 1


def measure(run: Run) -> Report:
    """Embed the same chips here and there."""
    heads = people.heads()
    installation = install_dlib(people.SCRATCH)
    if not isinstance(installation, DlibInstallation):
        raise UnmeasuredError(installation)
    chips = cut_chips(heads, people.engine(), people.MODELS)
    rounds = QUICK_ROUNDS if run.quick else ROUNDS
    return asdict(compare(installation, people.MODELS, chips, rounds, usable_cores()))


def render(report: Report) -> str:
    """Return times and agreement."""
    dlib = DlibFigures(**report)
    timed = {
        "one chip at a time, processor ms": (dlib.ours_cpu_ms, dlib.dlib_cpu_ms),
        "one chip at a time, ms": (dlib.ours_ms, dlib.dlib_ms),
        f"batch of {dlib.chips}, ms per chip": (dlib.ours_batch_ms, dlib.dlib_batch_ms),
    }
    rows = [
        [name, number(here), number(there), number(there / here, 1)] for name, (here, there) in timed.items()
    ]
    return (
        f"The same weights in ONNX Runtime and in dlib {dlib.version} itself ({dlib.build}), on the same "
        f"{dlib.chips} chips in the same run. Ours uses one thread for one chip, all cores for a batch.\n\n"
        + table(("", "here", "dlib", "times faster"), rows)
        + f"\n\nAgreement: no number of any embedding differs by more than {dlib.largest_difference:.1e}; "
        f"lowest cosine similarity of the two {dlib.lowest_cosine:.9f}."
    )


SECTION = Section("dlib", "Against dlib", measure, render)
