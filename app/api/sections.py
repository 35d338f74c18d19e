"""Every section of the API, in the order in which the documentation shows them."""

from app.api import (
    collections,
    detection,
    estimation,
    faces,
    results,
    session_list,
    sessions,
    signature,
    verifications,
)
from app.api.operations import Operation, Section
from app.api.security import clock_section, token_section

# Modules that add operations to a section of another; importing them declares the operations.
EXTENSIONS = (sessions, session_list, results)

SECTIONS: tuple[Section, ...] = (
    signature.section,
    verifications.section,
    token_section,
    clock_section,
    collections.section,
    faces.section,
    detection.section,
    estimation.demographic_section,
    estimation.liveness_section,
)


def all_operations() -> list[Operation]:
    """Return every operation of the API."""
    return [operation for section in SECTIONS for operation in section.operations]
