"""Says at the end of a run which clients were tested and which could not be."""

import pytest

from tests.sdk.toolchains import absent, present


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the languages, so that a missing toolchain is seen and not taken for a pass."""
    terminalreporter.write_sep("-", "client libraries")
    for toolchain in present():
        terminalreporter.write_line(f"tested      {toolchain.language}: {toolchain.describe()}")
    for toolchain in absent():
        needed = ", ".join(toolchain.programs)
        terminalreporter.write_line(f"NOT TESTED  {toolchain.language}: {needed} not on this machine")
