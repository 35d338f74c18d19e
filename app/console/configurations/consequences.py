"""What a configuration means in practice: numbers in words, and things one would want to know before."""

from dataclasses import dataclass

from app.faces.calibration import Calibration
from app.verifications.configuration import (
    Age,
    AgeType,
    Configuration,
    FaceRecognition,
    GenderType,
    LivenessType,
    RecognitionType,
)
from app.vocabulary import ChallengeType

# Frames that a session usually fuses into one template.
USUAL_FRAMES = 5
# Years shown to either side of the age limit.
YEARS_AROUND = 8


@dataclass(frozen=True, slots=True)
class AgeBand:
    """One stretch of the picture of the age rule."""

    kind: str
    """`passes`, `uncertain` or `refused`."""
    start: float
    end: float
    """Per cent of the picture's width."""


@dataclass(frozen=True, slots=True)
class AgePicture:
    """The age rule drawn on a line of years."""

    bands: tuple[AgeBand, ...]
    marks: tuple[tuple[float, str], ...]
    sentence: str


def age_picture(age: Age) -> AgePicture | None:
    """Return which estimates pass, which are uncertain and which are refused; None without a limit."""
    if age.type is not AgeType.THRESHOLD:
        return None
    above = age.direction == "Above"
    edge = age.threshold + (age.buffer if above else -age.buffer)
    low, high = sorted((float(age.threshold), float(edge)))
    first, last = low - YEARS_AROUND, high + YEARS_AROUND

    def place(year: float) -> float:
        return round(100 * (year - first) / (last - first), 2)

    kinds = ("refused", "uncertain", "passes") if above else ("passes", "uncertain", "refused")
    bands = tuple(
        AgeBand(kind, place(start), place(end))
        for kind, start, end in zip(kinds, (first, low, high), (low, high, last), strict=True)
        if end > start
    )
    marks = tuple((place(year), f"{year:g}") for year in dict.fromkeys((low, high)))
    return AgePicture(bands, marks, _age_sentence(age, edge, above))


def match_sentence(calibration: Calibration, recognition: FaceRecognition) -> str | None:
    """Say the false match rate and what it costs honest people, as measured; None without comparison."""
    if recognition.type in (RecognitionType.DISABLED, RecognitionType.CALCULATION_ONLY):
        return None
    rate = recognition.false_match_rate
    text = f"1 in {round(1 / rate):,} pairs of strangers is taken for the same person."
    refused = _refused_share(calibration, rate)
    if refused is not None:
        text += (
            f" Of people who come back at most 1 in {round(1 / refused):,} was refused when this was measured"
        )
        text += f" (95 % bound; {calibration.dataset})."
    if recognition.type is not RecognitionType.MATCH:
        text += " Searches get stricter as the collection grows: 1 stranger in 1,000 is found at most."
    return text


def warnings(configuration: Configuration) -> list[str]:
    """Return what the operator should know before publishing."""
    configs, security = configuration.verifier_configs, configuration.security_config
    live, face = configs.liveness, configs.face_recognition
    rules = (
        (
            live.type is LivenessType.DISABLED and face.type is not RecognitionType.DISABLED,
            "Without liveness a photo held to the camera passes the face comparison.",
        ),
        (
            live.type is LivenessType.DISABLED and configs.age.type is AgeType.THRESHOLD,
            "Without liveness a photo of somebody older passes the age limit.",
        ),
        (
            live.type is not LivenessType.DISABLED and live.challenge_type is ChallengeType.BASIC,
            "Basic liveness stops honest mistakes, not an attack with a printed photo.",
        ),
        (
            configs.age.type is AgeType.THRESHOLD and configs.age.buffer == 0,
            "Without a buffer, people up to some years on the wrong side of the limit pass by chance.",
        ),
        (
            not security.force_signed_input,
            "Anybody can make links to this verification, with any external id.",
        ),
        (
            "verifeye-sha256" in security.signature_schemes,
            "verifeye-sha256 signatures are not bound to this verification: a link made for another one of "
            "this project is accepted here.",
        ),
        (
            configuration.session_override_config.allow_verifier_overrides
            and face.type is not RecognitionType.DISABLED,
            "A signed link may skip liveness; then a photo passes the face comparison.",
        ),
        (
            _tells_personal_data(configuration),
            "Personal data travels in the address, which ends up in histories and logs; delivery as a code "
            "avoids it.",
        ),
        (
            configuration.webhook_config.send_api_key,
            "X-API-Key goes along with every event: whoever sees one event, a log for example, can send "
            "forged ones. Check webhook-signature instead.",
        ),
        (
            configs.gender.type is not GenderType.DISABLED,
            "Gender is a guess from appearance; do not decide about anybody by it.",
        ),
    )  # fmt: skip
    return [text for applies, text in rules if applies]


def _tells_personal_data(configuration: Configuration) -> bool:
    switches = configuration.result_parameter_config
    return any(
        (
            switches.include_age,
            switches.include_gender,
            switches.include_external_id,
            switches.include_face_id,
        )
    )


def _age_sentence(age: Age, edge: float, above: bool) -> str:
    passing = f"Estimates of {edge:g} and more pass" if above else f"Estimates below {edge:g} pass"
    if not age.buffer:
        return f"{passing}; all others fail."
    low, high = sorted((float(age.threshold), float(edge)))
    return f"{passing}; between {low:g} and {high:g} they fail as uncertain, and all others fail."


def _refused_share(calibration: Calibration, rate: float) -> float | None:
    """Return the upper bound of the share of honest people refused; None where nobody worked it out."""
    size = max((each for each in calibration.sizes if each <= USUAL_FRAMES), default=1)
    table = next(each for each in calibration.tables if (each.smaller, each.larger) == (size, size))
    point = next((each for each in table.points if each.fmr <= rate), None)
    return None if point is None or point.fnmr95 >= 1 else point.fnmr95
