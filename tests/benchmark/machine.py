"""What the run took place on."""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

from tests.benchmark.figures import Machine

PACKAGES = ("mediapipe", "onnxruntime", "opencv-python-headless", "numpy", "flask", "gunicorn", "sqlalchemy")


def describe_machine() -> Machine:
    """Return processor, memory, system and versions of this machine; never its name."""
    return Machine(
        cpu=_line_of(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine(),
        cores=usable_cores(),
        memory_gb=_memory_gb(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
        load_before=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        date=date.today().isoformat(),
    )


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gb() -> float | None:
    total = _line_of(Path("/proc/meminfo"), "MemTotal")
    return round(int(total.split()[0]) / 1024**2, 1) if total else None


def _line_of(path: Path, name: str) -> str | None:
    """Return the value of the first `name: value` line."""
    if not path.is_file():
        return None
    lines = path.read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
