"""The costs of the cells of a job, measured; and the simulation beside the runs that they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.runs.results import load_results
from tests.scale.costs import Costs, Usage, costs_of, works_of
from tests.scale.simulation import Site, Work, longest_first, simulate
from tests.scale.speedup import Place


@dataclass(frozen=True, slots=True)
class Measured:
    """Costs of the run with one worker; what runs with one and with two have taken; ``works`` in the order of the plan.

    ``pair`` are runs of one worker, two at a time, before and after: what contention there is between cores.
    """

    costs: Costs
    runs: tuple[Usage, ...]
    pair: tuple[Usage, ...]
    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """A run and its simulation with the costs of the run with one worker. Errors are relative to the measured time."""

    workers: int
    measured_s: float
    simulated_s: float

    @property
    def error(self) -> float:
        return self.simulated_s / self.measured_s - 1


def measured_costs(place: Place) -> Measured:
    """Runs of one worker and of two; the first again with nothing to do; one clip of each dataset; two runs at once."""
    place.measure(1, limit=1)
    with place.fresh() as folders:
        ((one, folder),) = place.run(folders, 1)
        ((idle, _),) = place.run(folders, 1)
        usage = replace(one, idle_wall_s=idle.wall_s, idle_cpu_s=idle.driver_cpu_s)
        usage = replace(usage, start_cpu_s=_start_cpu_s(place))
        costs = costs_of(folder, usage)
        works = tuple(longest_first(works_of(load_results(folder), costs)))
    before = place.measure(1, times=2)
    two = place.measure(2)[0]
    return Measured(costs, (usage, two), (*before, *place.measure(1, times=2)), works)


def _start_cpu_s(place: Place) -> float:
    """CPU of a worker before and beside its clips: two workers on the same clips need that much more than one.

    The median of three, since the work itself varies by as much as a start is.
    """
    found = []
    for _ in range(3):
        one, two = place.measure(1, limit=1)[0], place.measure(2, limit=1)[0]
        found.append(two.workers_cpu_s - one.workers_cpu_s)
    return max(0.0, sorted(found)[1])


def predicted(measured: Measured, cores: int) -> list[Prediction]:
    """The simulation of each run, with the costs of the run of one worker.

    What the machine gives to others is taken from that run and, for two workers, from the two runs at once: from
    processes that share nothing with the run that is predicted. The run of one worker is where the costs come from, so
    that its error says only what the model leaves out.
    """
    costs, one = measured.costs, measured.runs[0]
    worked = sum(work.coding_s + work.scoring_s for work in measured.works)
    beside = 1 + sum(work.rows for work in measured.works) * costs.row_s / worked
    pair = measured.pair
    computing = sum(run.workers_cpu_s for run in pair) / sum(run.wall_s - one.idle_wall_s for run in pair)
    contention = sum(run.workers_cpu_s for run in pair) / (len(pair) * one.workers_cpu_s)
    found = []
    for run in measured.runs:
        given, slower = (one.computing, 1.0) if run.workers == 1 else (min(1.0, computing), contention)
        slower *= beside if run.workers >= cores else 1.0  # the driver takes its time from the workers
        outcome = simulate(measured.works, Site(run.workers, costs.start_s, row_s=costs.row_s, contention=slower))
        found.append(Prediction(run.workers, run.wall_s, one.idle_wall_s + outcome.seconds / given))
    return found
