"""A listening test as data: what is built once, written to ``test.json`` and never changed while people listen.

results/tests/NAME/
    test.json           Test: trials, stimuli with their hashes, rules, seeds, how every file was made
    stimuli/*.wav       48 kHz, 24 bit, of equal length within a trial; named by their SHA-256
    sessions.sqlite     who listened and what they said (or a database elsewhere, by URL)
    ratings.parquet     RATING_COLUMNS, written by `codecbench listen analyze`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.domain import Category
from bench.errors import StoreError
from bench.untrusted import parse_json

TestType = Literal["mushra", "acr", "dcr", "abx", "ab"]
"""MUSHRA (BS.1534-3); ACR and DCR (P.800, P.808), 1 to 5; ABX (which one is X); AB (which one is better)."""

Role = Literal["reference", "hidden_reference", "low_anchor", "mid_anchor", "anchor", "system"]
"""``reference`` is the open one and never rated; ``anchor`` is any other than the two of the standard."""

TEST, STIMULI, RATINGS, DATABASE = "test.json", "stimuli", "ratings.parquet", "sessions.sqlite"
FORMAT = 1

OPEN_REFERENCE = -1
"""Index of the open reference beside those of ``Trial.stimuli``."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """What one condition sounds like in one trial. ``gain_db`` was applied on purpose; ``origin`` says how it was made.

    ``run``, ``decoded_sha256`` and ``bitrate_bps`` lead back to the encoding of a run (empty for anchors).
    """

    condition: str
    role: Role
    sha256: str
    gain_db: float = 0.0
    run: str = ""
    codec: str = ""
    bitrate_bps: int | None = None
    actual_bps: float | None = None
    decoded_sha256: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One page of a test. ``stimuli`` stand in a fixed order here; every listener gets a shuffled, recorded one.

    ``block`` groups the trials that one listener gets together where there are too many for one (balanced blocks).
    ``replicate`` counts repetitions of the same trial. ``reference`` is the original in every type of test; MUSHRA and
    DCR let it be heard as the open reference, ACR, ABX and AB do not.

    ``stimuli``: of MUSHRA the hidden reference, the anchors and the systems; of ACR and DCR one (several may stand on a
    page); of ABX and AB exactly two, first what is compared against, then the condition under test. Where that is
    compared with the original, the first is its hidden copy, of the role ``hidden_reference``.
    """

    id: str
    clip: str
    dataset: str
    category: Category
    reference: Stimulus
    stimuli: tuple[Stimulus, ...]
    seconds: float
    training: bool = False
    block: int = 0
    replicate: int = 0

    @property
    def sounds(self) -> tuple[Stimulus, ...]:
        """The reference and the stimuli."""
        return (self.reference, *self.stimuli)

    def stimulus(self, index: int) -> Stimulus:
        """One of the stimuli, or the reference where ``index`` is OPEN_REFERENCE."""
        return self.reference if index == OPEN_REFERENCE else self.stimuli[index]


@dataclass(frozen=True, slots=True)
class Rules:
    """How the test runs and whose ratings count; names of presets are in :mod:`listening_test.mushra`."""

    type: TestType = "mushra"
    screening: str = "bs1534"
    needs_a_hundred: bool = True
    trials_before_break: int = 12
    level_range_db: float = 4.0
    minimum_ratings: int = 0
    headphone_check: Literal["none", "stereo", "antiphase"] = "stereo"
    question: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """Everything about a test that was decided before the first listener came."""

    __test__ = False  # not a test case

    name: str
    title: str
    rules: Rules
    trials: tuple[Trial, ...]
    seed: int
    blocks: int = 1
    preset: str = "bs1534"
    languages: tuple[str, ...] = ("en",)
    texts: Mapping[str, str] = field(default_factory=dict)
    questionnaire: tuple[Mapping[str, Any], ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)
    """Configuration text, commands, versions, runs, findings of the linter."""

    @property
    def training(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.training)

    @property
    def counted(self) -> tuple[Trial, ...]:
        """The trials whose ratings count."""
        return tuple(trial for trial in self.trials if not trial.training)


def pair(trial: Trial) -> tuple[int, int]:
    """The two stimuli of an ABX or AB trial, by index: what is compared against, and the one under test.

    Two stimuli are compared with each other, one with the open reference. The one under test is the second, unless
    the second alone is a hidden reference.

    Raises:
        StoreError: it has none, or more than two.
    """
    if len(trial.stimuli) == 1:
        return OPEN_REFERENCE, 0
    if len(trial.stimuli) != 2:
        raise StoreError(
            f"trial {trial.id}: expected one or two stimuli in a test of pairs, got {len(trial.stimuli)}. "
            "Build the test again: codecbench listen build"
        )
    first, second = (stimulus.role == "hidden_reference" for stimulus in trial.stimuli)
    return (1, 0) if second and not first else (0, 1)


def stimulus_path(folder: Path, sha256: str) -> Path:
    """Where the sound of that hash lies in the folder of a test."""
    return folder / STIMULI / f"{sha256}.wav"


def write_test(test: Test, folder: Path) -> None:
    """Write ``test.json``; the stimuli lie there already."""
    from bench.store import write_json

    write_json(folder / TEST, {"format": FORMAT, **asdict(test)})


def load_test(folder: str | Path) -> Test:
    """The test in ``folder``.

    Raises:
        StoreError: there is none, or it was written by another version.
    """
    path = Path(folder) / TEST
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError(
            f"{folder}: expected a test, but {TEST} is not there. `codecbench listen build` makes one."
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}). Build the test again: codecbench listen build") from None
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise StoreError(f"{path}: expected format {FORMAT} of a test. Build it again: codecbench listen build")
    try:
        trials = tuple(_trial(trial) for trial in data.pop("trials"))
        listed: dict[str, Any] = {name: tuple(data.pop(name)) for name in ("languages", "questionnaire")}
        return Test(rules=Rules(**data.pop("rules")), trials=trials, **listed, **data)
    except (AttributeError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: it was changed, or another version wrote it ({type(error).__name__}: {error}). Build the test "
            "again: codecbench listen build"
        ) from None


def _trial(data: dict[str, Any]) -> Trial:
    reference = Stimulus(**data.pop("reference"))
    return Trial(reference=reference, stimuli=tuple(Stimulus(**one) for one in data.pop("stimuli")), **data)


AGAIN = "r"
"""End of the id of a trial that comes again: every page has an id of its own."""


def row_of(trial: Trial, stimulus: Stimulus) -> dict[str, Any]:
    """What a row of RATING_COLUMNS says of what was rated. A repetition has the trial that it repeats."""
    return {
        "trial": trial.id.removesuffix(AGAIN) if trial.replicate else trial.id,
        **{name: getattr(trial, name) for name in ("clip", "dataset", "category", "block", "replicate", "training")},
        **{name: getattr(stimulus, name) for name in OF_STIMULUS},
        "stimulus_sha256": stimulus.sha256,
    }


OF_STIMULUS = ("condition", "role", "codec", "bitrate_bps", "actual_bps", "run", "decoded_sha256")

RATING_COLUMNS = {
    "test": "string", "test_type": "string", "listener": "string", "simulated": "boolean", "session": "string",
    "trial": "string", "clip": "string", "dataset": "string", "category": "string", "block": "Int64",
    "replicate": "Int64", "training": "boolean", "order": "Int64", "position": "Int64", "condition": "string",
    "role": "string", "against": "string", "codec": "string", "bitrate_bps": "Int64", "actual_bps": "float64",
    "run": "string", "decoded_sha256": "string", "stimulus_sha256": "string", "score": "float64", "plays": "Int64",
    "listened_s": "float64", "trial_s": "float64", "submitted": "string", "excluded": "boolean", "reason": "string",
}  # fmt: skip
"""One row for each listener, trial and stimulus, raw: screening only sets ``excluded`` and ``reason``.

``listener`` is a pseudonym. ``order`` counts the trials of a listener and ``position`` the slots of a trial, both as
they were shown. ``score``: MUSHRA 0 to 100; ACR, DCR 1 to 5; ABX 1 right, 0 wrong; AB 1 where ``condition`` was
preferred to ``against``, 0 where not. ``submitted`` is UTC, ISO 8601. ``plays`` and ``listened_s`` are of the stimulus.
"""
