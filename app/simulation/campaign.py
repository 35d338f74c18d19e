"""Many trials in several processes. Each species stays in one process, where its tables are made once."""

import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from app.decision.policy import Policy
from app.errors import InputError
from app.simulation.attacks import SPECIES
from app.simulation.cast import load_cast
from app.simulation.trials import BONA_FIDE, Tier, TrialResult, World, summarized
from app.vocabulary import ChallengeType

# Species whose bodies are many sheets take longest to look up the first time.
WEIGHTS = {"moved-photo": 3.0, "cut-out-photo": 2.5, "paper-mask": 2.5, "planar-warp": 1.5}
# A process that is silent for this long and no longer alive has been killed.
SILENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is to be run."""

    faces: Path
    models_dir: Path
    policy_file: Path
    landmarker: str
    tier: Tier
    seed: int
    trials: int
    """Of each species at each level."""
    levels: tuple[ChallengeType, ...]
    species: tuple[str, ...]
    """Names, `BONA_FIDE` among them."""
    max_heads: int | None = None
    """Look at no more heads than this many of the folder."""

    def __post_init__(self) -> None:
        """Refuse species that do not exist."""
        for name in self.species:
            if name != BONA_FIDE and name not in SPECIES:
                raise InputError("species", f"{name} is none of {', '.join([BONA_FIDE, *SPECIES])}")

    @property
    def groups(self) -> list[tuple[str, ChallengeType]]:
        """Every species with every level at which it is an attack."""
        return [(name, level) for name in self.species for level in self.levels if _applies(name, level)]

    @property
    def total(self) -> int:
        """Number of trials."""
        return self.trials * len(self.groups)

    def world(self) -> World:
        """Load models, faces and policy; `InputError` or `SettingsError` when one is missing."""
        # Imported here because models take time to import, and the parent of the processes needs none.
        from app.inference.engine import OpenPackEngine

        engine = OpenPackEngine.from_manifest(self.models_dir, self.landmarker)
        cast = load_cast(self.faces, engine, self.max_heads)
        return World(engine, cast, Policy.load(self.policy_file), self.tier, self.seed)

    def run(self, jobs: int) -> Iterator[TrialResult]:
        """Yield the results as they come."""
        if jobs <= 1:
            yield from _run_part(self.world(), self.groups, range(self.trials))
        else:
            yield from self._run_parallel(jobs)

    def _run_parallel(self, jobs: int) -> Iterator[TrialResult]:
        context = multiprocessing.get_context("spawn")
        results: Any = context.Queue()
        workers = [
            context.Process(target=_work, args=(self, part, numbers, results), daemon=True)
            for part, numbers in shared_out(self, jobs)
        ]
        for worker in workers:
            worker.start()
        try:
            yield from _collected(results, workers, self.total)
        finally:
            for worker in workers:
                worker.terminate()


def _applies(name: str, level: ChallengeType) -> bool:
    return name == BONA_FIDE or level in SPECIES[name].levels


Part = tuple[list[tuple[str, ChallengeType]], range]


def shared_out(campaign: Campaign, jobs: int) -> list[Part]:
    """Share species out by weight, or the trials of each when there are fewer species than processes."""
    if len(campaign.species) < jobs:
        return [(campaign.groups, range(job, campaign.trials, jobs)) for job in range(jobs)]
    loads = [0.0] * jobs
    shares: list[list[str]] = [[] for _ in range(jobs)]
    for name in sorted(campaign.species, key=lambda each: -WEIGHTS.get(each, 1.0)):
        lightest = loads.index(min(loads))
        shares[lightest].append(name)
        loads[lightest] += WEIGHTS.get(name, 1.0)
    return [
        ([group for group in campaign.groups if group[0] in share], range(campaign.trials))
        for share in shares
    ]


def _run_part(
    world: World, groups: Sequence[tuple[str, ChallengeType]], numbers: range
) -> Iterator[TrialResult]:
    for name, level in groups:
        for number in numbers:
            yield summarized(world, name, level, number)


def _work(
    campaign: Campaign,
    groups: Sequence[tuple[str, ChallengeType]],
    numbers: range,
    results: Any,  # noqa: ANN401
) -> None:
    parent = multiprocessing.parent_process()
    try:
        for result in _run_part(campaign.world(), groups, numbers):
            if parent is not None and not parent.is_alive():
                return  # nobody is left to count: a parent that is killed cannot end its processes
            results.put(result)
    except Exception as error:  # told to whoever waits, who would otherwise wait for ever
        results.put(error)


def _collected(results: Any, workers: Sequence[BaseProcess], total: int) -> Iterator[TrialResult]:  # noqa: ANN401
    for _ in range(total):
        while True:
            try:
                result = results.get(timeout=SILENCE_SECONDS)
                break
            except queue.Empty:
                if any(worker.exitcode not in (None, 0) for worker in workers):
                    raise RuntimeError("a process of the simulation was killed") from None
        if isinstance(result, Exception):
            raise result
        yield result
