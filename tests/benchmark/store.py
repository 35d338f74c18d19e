"""The results of each section, kept as JSON until it is measured again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmark.figures import Machine
from tests.benchmark.section import Report, Section

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Result:
    """What one section measured, when and where."""

    machine: Machine
    report: Report
    quick: bool = False


def keep(folder: Path, section: Section, result: Result) -> None:
    """Write the result, instead of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(result), indent=2, ensure_ascii=False)
    _file(folder, section).write_text(text + "\n", encoding="utf-8")


def kept(folder: Path, section: Section) -> Result | None:
    """Return the last result, None when there is none; `ValueError` names a file that is none."""
    path = _file(folder, section)
    if not path.exists():
        return None
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Result(Machine(**content["machine"]), content["report"], content["quick"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: is no result of a section ({error})") from None


def _file(folder: Path, section: Section) -> Path:
    return folder / f"{section.name}.json"
