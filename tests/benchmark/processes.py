"""Processor time and memory of another process and its children, read from `/proc`."""

import os
from pathlib import Path

PROC = Path("/proc")
# Fields of /proc/<pid>/stat after the name in brackets (proc(5)): 1 is the parent, 11 and 12 the ticks
# spent in user and kernel mode.
_PARENT, _USER, _KERNEL = 1, 11, 12


def family_of(pid: int) -> list[int]:
    """Return the process and its children; only the process where there is no `/proc`."""
    children = [int(path.name) for path in PROC.glob("[0-9]*") if _parent_of(int(path.name)) == pid]
    return [pid, *sorted(children)]


def cpu_seconds(pids: list[int]) -> float | None:
    """Return the processor time of these processes so far; None where there is no `/proc`."""
    stats = [_stat(pid) for pid in pids]
    if not all(stats):
        return None
    ticks = sum(int(stat[_USER]) + int(stat[_KERNEL]) for stat in stats)
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_rss_mb(pid: int) -> float | None:
    """Return the largest resident memory that a process has had, in megabytes (10^6 bytes)."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return None
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) * 1024 / 1e6


def _parent_of(pid: int) -> int | None:
    stat = _stat(pid)
    return int(stat[_PARENT]) if stat else None


def _stat(pid: int) -> list[str]:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()
