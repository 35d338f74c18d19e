"""Every section of BENCHMARKS.md, in its order: a new one is a module here and a line in `SECTIONS`."""

from tests.benchmark.section import Section
from tests.benchmark.sections import (
    admission,
    age,
    challenge,
    console,
    detection,
    dlib,
    liveness,
    models,
    quality,
    recognition,
    search,
    visits,
)

SECTIONS: tuple[Section, ...] = (
    models.SECTION,
    visits.SECTION,
    admission.SECTION,
    dlib.SECTION,
    search.SECTION,
    console.SECTION,
    challenge.SECTION,
    recognition.SECTION,
    quality.SECTION,
    age.SECTION,
    detection.SECTION,
    liveness.SECTION,
)
