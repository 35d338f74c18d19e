"""The liveness report as a page for people: figures first, then what they can and cannot show."""

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]

CAN_SHOW = """## What these figures can show

- How often the passive model alone, at the threshold of this service's policy, refuses live people (BPCER)
  and accepts attacks of the listed species (APCER), on these presentations.
- The bounds are exact binomial 95 % intervals: with few presentations they are wide, and the truth may lie
  anywhere in them. No error among 30 still allows 12 %.
- A change of model or threshold, when both are measured on the same list."""

CANNOT_SHOW = """## What they cannot show

- Anything about attacks that are not listed: other masks, other screens, other printers, and video that is
  injected in place of a camera, which never is in front of one.
- The security of a session. Passive liveness can only lower trust: with `Balanced` and `Advanced` a person
  must also do what a random challenge asks, and nobody passes by this score alone.
- What happens with other cameras, rooms and people than those of the list. Models of this kind do much
  better on pictures like those they were trained on.
- Independence: many presentations of one person, one camera or one photo make the bounds too narrow.
- Conformity with ISO/IEC 30107-3. The terms are those of the standard; a conforming test needs an
  independent laboratory, stated attack instruments and enough of them.
- An honest error rate, if the threshold was chosen on these same presentations."""


def render_card(report: Report, data: str) -> str:
    """Return the card as Markdown; `data` names the list that was measured."""
    parts = [
        "# Passive liveness, measured",
        _summary(report, data),
        f"## Errors at the shipped threshold ({report['threshold']:g})\n\n{_errors(report)}",
        f"## Operating points\n\n{_points(report)}",
        f"## Not scored: {report['notScored']}\n\n{_not_scored(report)}",
        *([f"## Other evidence of the recordings\n\n{_others(report)}"] if report["otherEvidence"] else []),
        CAN_SHOW,
        CANNOT_SHOW,
    ]
    return "\n\n".join(parts) + "\n"


def _summary(report: Report, data: str) -> str:
    species = ", ".join(f"{count} {name}" for name, count in report["attacks"].items()) or "none"
    frontal = report["nearFrontal"]
    return (
        f"Model `{report['model']}` on {data}: {report['n']} presentations scored, {report['live']} live; "
        f"attacks: {species}.\n\n"
        f"Area under the ROC curve {_number(report['auc'])}{_in_brackets(report['auc95'], _number)}. "
        f"ACER {_percent(report['acer'])}, the mean of BPCER and the highest APCER of a species.\n\n"
        "Stills are scored whichever way the face looks. The service scores only faces near frontal, of "
        "several frames, and takes the median, as is done here for videos and folders of frames. Of the "
        f"presentations near frontal ({frontal['n']}): area under the curve {_number(frontal['auc'])}, BPCER "
        f"{_percent(frontal['bpcer'])}, attacks accepted {_percent(frontal['apcerAll'])}."
    )


def _errors(report: Report) -> str:
    rows = [
        [
            "live refused (BPCER)",
            str(report["live"]),
            _percent(report["bpcer"]),
            _bounds(report["bpcer95"]),
            "",
        ]
    ]
    rows += [
        [
            f"{name} accepted (APCER)",
            str(report["attacks"][name]),
            _percent(rate),
            _bounds(report["apcer95"][name]),
            _number(report["aucBySpecies"][name]),
        ]
        for name, rate in report["apcer"].items()
    ]
    return _table(("", "scored", "rate", "95 % bounds", "area under the curve"), rows)


def _points(report: Report) -> str:
    if not report["operatingPoints"]:
        return "None: no live presentation was scored."
    rows = [
        [
            _percent(point["bpcerAtMost"]),
            _number(point["threshold"]),
            _percent(point["bpcer"]),
            _percent(point["apcerAll"]),
            _percent(point["apcerWorst"]),
        ]
        for point in report["operatingPoints"]
    ]
    header = ("live refused, at most", "threshold", "BPCER", "attacks accepted", "worst species")
    return _table(header, rows) + "\n\nThresholds chosen on these presentations: too good for any others."


def _not_scored(report: Report) -> str:
    if not report["notScored"]:
        return "Everything was scored."
    kinds = ", ".join(f"{name} {count}" for name, count in report["notScoredByKind"].items())
    reasons = ", ".join(f"{reason} {count}" for reason, count in report["notScoredWhy"].items())
    return (
        f"By kind: {kinds}. Why: {reasons}. They are in none of the rates above. The service refuses what it "
        "cannot score: an attack without a score has failed, and a live person has to try again."
    )


def _others(report: Report) -> str:
    rows = [
        [each["evidence"], each["kind"], str(each["n"]), str(each["refused"])]
        for each in report["otherEvidence"]
    ]
    return (
        _table(("evidence", "of", "recordings", "refused"), rows)
        + "\n\nOnly what needs neither a challenge nor a time of arrival: frozen, repeated or exchanged "
        "pictures and faces."
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(header)
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bounds(bounds: Sequence[float]) -> str:
    return f"{_percent(bounds[0])} … {_percent(bounds[1])}"


def _in_brackets(bounds: Sequence[float] | None, render: Any = _percent) -> str:  # noqa: ANN401
    return "" if bounds is None else f" (95 % bounds {render(bounds[0])} … {render(bounds[1])})"
