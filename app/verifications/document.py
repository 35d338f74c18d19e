"""How configuration documents are read: camelCase, names in any case, unknown names refused by name."""

from collections.abc import Mapping
from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from app.errors import VisavisError


class ConfigurationRefusedError(VisavisError):
    """A configuration document is not valid; `problems` maps each field's path to what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Keep every problem, so that an operator can mend them all at once."""
        super().__init__("; ".join(f"{path}: {what}" for path, what in problems.items()))
        self.problems = dict(problems)


class Block(BaseModel):
    """One block of a configuration: frozen, closed, camelCase on the way out."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, strict=False
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_names_in_any_case(cls, document: Any) -> Any:  # noqa: ANN401 -- pydantic's own signature
        if not isinstance(document, Mapping):
            return document
        known = {to_camel(name).lower(): to_camel(name) for name in cls.model_fields}
        tuples = {to_camel(name) for name, field in cls.model_fields.items() if _is_tuple(field.annotation)}
        renamed: dict[str, Any] = {}
        for name, value in document.items():
            plain = known.get(str(name).replace("_", "").lower(), str(name))
            if plain in renamed:
                raise ValueError(f"{plain} is given twice")
            # Strict validation has forgotten here that the value came out of JSON, which knows lists only.
            renamed[plain] = tuple(value) if plain in tuples and isinstance(value, list) else value
        return renamed


def _is_tuple(annotation: Any) -> bool:  # noqa: ANN401 -- any type
    return get_origin(annotation) is tuple


def problems_of(error: ValidationError) -> dict[str, str]:
    """Return `path → what is wrong` with paths as the operator wrote them, `a.b[0].c`."""
    return {_path(item["loc"]): _sentence(item["type"], item["msg"]) for item in error.errors()}


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "document"


def _sentence(kind: str, message: str) -> str:
    return "is not a known field" if kind == "extra_forbidden" else message.removeprefix("Value error, ")
