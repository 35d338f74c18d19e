"""Says at the end of a run which clients were tested and which could not be."""

import pytest

from tests.sdk.toolchains import absent, present

TEST = "test_the_client_passes_its_own_tests"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the languages, so that a missing toolchain is seen and not taken for a pass."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    outcomes = {report.nodeid: report.outcome for report in reports if TEST in report.nodeid}
    if not outcomes:
        return
    terminalreporter.write_sep("-", "client libraries")
    for toolchain in present():
        ran = [outcome for name, outcome in outcomes.items() if name.endswith(f"[{toolchain.language}]")]
        said = ran[0] if ran else "not asked for"
        terminalreporter.write_line(f"{said:14}{toolchain.language}: {toolchain.describe()}")
    for toolchain in absent():
        needed = ", ".join(toolchain.programs)
        terminalreporter.write_line(f"NOT TESTED    {toolchain.language}: {needed} not on this machine")
