"""The form of a configuration, made from its model: every leaf of the document is one field."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from app.console.configurations.texts import CHOICE_TEXTS, SECTIONS, SETTING_TEXTS
from app.console.forms import Form
from app.verifications.configuration import Configuration

# A text that may be longer than this gets a field of several lines.
LONG_TEXT = 1000
ONE_IN = "verifierConfigs.faceRecognition.falseMatchRate"
# A rate shown as "one in N" comes back as the same number: more digits on the way out than on the way in.
SHOWN_DIGITS, RATE_DIGITS = 15, 12


class Kind(StrEnum):
    """How a setting is entered."""

    TICK = "tick"
    CHOICE = "choice"
    SEVERAL = "several"
    NUMBER = "number"
    ONE_IN = "one_in"
    TEXT = "text"
    LONG = "long"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of the document as the form shows it."""

    path: str
    kind: Kind
    optional: bool
    """True: an empty field means null."""
    options: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What the field is called."""
        return SETTING_TEXTS.get(self.path, (self.path.rpartition(".")[2], ""))[0]

    @property
    def sentence(self) -> str:
        """What the setting means."""
        return SETTING_TEXTS.get(self.path, ("", ""))[1]

    def option_texts(self) -> list[tuple[str, str]]:
        """Return the options with how each reads."""
        texts = CHOICE_TEXTS.get(self.path, {})
        return [(option, texts.get(option, option)) for option in self.options]


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that belong together."""

    title: str
    sentence: str
    is_open: bool
    settings: tuple[Setting, ...]


@lru_cache(maxsize=1)
def all_settings() -> tuple[Setting, ...]:
    """Return every setting of a configuration but its id, in the document's order."""
    return tuple(setting for setting in _walk(Configuration, "") if setting.path != "id")


@lru_cache(maxsize=1)
def sections() -> tuple[Section, ...]:
    """Return the form's sections; a setting that none of them names comes last, under its own title."""
    placed = [
        Section(
            title, sentence, is_open, tuple(each for each in all_settings() if _belongs(each, beginnings))
        )
        for title, sentence, beginnings, is_open in SECTIONS
    ]
    known = {setting for section in placed for setting in section.settings}
    rest = tuple(setting for setting in all_settings() if setting not in known)
    return (*placed, Section("More", "", False, rest)) if rest else tuple(placed)


def form_of(document: Mapping[str, Any]) -> Form:
    """Return a form filled in with a document."""
    form = Form()
    for setting in all_settings():
        value = _value_at(document, setting.path)
        if setting.kind is Kind.SEVERAL:
            form.values |= {f"{setting.path}.{option}": "true" for option in value or ()}
        else:
            form.values[setting.path] = _as_text(setting, value)
    return form


def document_of(form: Form, verification_id: str) -> dict[str, Any]:
    """Return the document that a form describes; what cannot be a number stays text, for its error's sake."""
    document: dict[str, Any] = {"id": verification_id}
    for setting in all_settings():
        *branches, leaf = setting.path.split(".")
        block = document
        for branch in branches:
            block = block.setdefault(branch, {})
        block[leaf] = _as_value(setting, form)
    return document


def field_of(path: str) -> str:
    """Return the form's field at which an error of a document belongs: `a.b[0]` is told at `a.b`."""
    return path.partition("[")[0]


def labels() -> dict[str, str]:
    """Return path → label, for lists of errors and differences."""
    return {setting.path: setting.label for setting in all_settings()}


def _belongs(setting: Setting, beginnings: tuple[str, ...]) -> bool:
    return any(setting.path == each or setting.path.startswith(f"{each}.") for each in beginnings)


def _walk(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{to_camel(name)}"
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _walk(annotation, f"{path}.")
        else:
            yield _setting(path, field)


def _setting(path: str, field: FieldInfo) -> Setting:
    bare, optional = _without_none(field.annotation)
    if path == ONE_IN:
        return Setting(path, Kind.ONE_IN, optional)
    if bare is bool:
        return Setting(path, Kind.TICK, optional)
    if bare in (int, float):
        return Setting(path, Kind.NUMBER, optional)
    if get_origin(bare) is tuple:
        options = _options(_without_none(get_args(bare)[0])[0])
        return Setting(path, Kind.SEVERAL if options else Kind.LINES, optional, options)
    options = _options(bare)
    if options:
        return Setting(path, Kind.CHOICE, optional, options)
    return Setting(path, Kind.LONG if _longest(field) > LONG_TEXT else Kind.TEXT, optional)


def _without_none(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 -- any type
    """Return what a type says besides `None` and besides its constraints."""
    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [each for each in get_args(annotation) if each is not type(None)]
        annotation, optional = parts[0], True
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation, optional


def _options(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401
    if get_origin(annotation) is Literal:
        return tuple(str(each) for each in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(each.value) for each in annotation)
    return ()


def _longest(field: FieldInfo) -> int:
    constraints = list(field.metadata)
    for part in get_args(field.annotation):
        constraints += get_args(part)
    lengths = [getattr(each, "max_length", None) or 0 for each in constraints]
    # Addresses are long, too, and still one line.
    return 0 if any("_url" in str(each) for each in constraints) else max(lengths, default=0)


def _value_at(document: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 -- any JSON value
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _as_text(setting: Setting, value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if setting.kind is Kind.TICK:
        return "true" if value else ""
    if setting.kind is Kind.LINES:
        return "\n".join(value)
    number = 1 / value if setting.kind is Kind.ONE_IN else value
    return f"{number:.{SHOWN_DIGITS}g}" if isinstance(number, float) else str(number)


def _as_value(setting: Setting, form: Form) -> Any:  # noqa: ANN401
    text = form.text(setting.path).replace("\r\n", "\n")
    if setting.kind is Kind.TICK:
        return form.flag(setting.path)
    if setting.kind is Kind.SEVERAL:
        return [option for option in setting.options if form.flag(f"{setting.path}.{option}")]
    if setting.kind is Kind.LINES:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if not text.strip() and setting.optional:
        return None
    if setting.kind in (Kind.NUMBER, Kind.ONE_IN):
        return _number(text, one_in=setting.kind is Kind.ONE_IN)
    return text


def _number(text: str, *, one_in: bool) -> float | int | str:
    try:
        number = float(text.replace(",", "").strip())
        if one_in:
            return float(f"{1 / number:.{RATE_DIGITS}g}")
    except (ValueError, ZeroDivisionError):
        return text
    return int(number) if number.is_integer() else number
