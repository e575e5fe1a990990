"""JSON of pymushra.

Either what its page of downloads gives, a list with an object for each stimulus whose keys are ``responses_stimulus``,
``responses_score``, ``responses_time``, ``questionaire_uuid`` (that is how it is spelt), ``wm_id``, ``wm_type``,
``wm_testId``, ``wm_date``; or the file of its TinyDB, tables of trials that hold ``id``, ``type``, ``testId``,
``date``, ``questionaire`` and a list of ``responses``. Source: pymushra, casting.py and service.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bench.errors import DatasetError
from bench.untrusted import parse_json
from listening_test.analysis.importers.base import Options, Pseudonyms, Row, number, seconds
from listening_test.analysis.importers.webmushra import ROLES


def read(text: str, _options: Options) -> tuple[list[Row], list[str]]:
    """Rows of RATING_COLUMNS, and notes: what is not of MUSHRA trials is left out and counted.

    An answer that is there twice with one score and time counts once; with others it is a repetition of the trial.
    """
    people, trials, others = Pseudonyms(), dict[str, dict[str, int]](), Counter[str]()
    seen, doubled = dict[tuple[str, ...], list[tuple[object, ...]]](), list[int]()
    rows: list[Row] = []
    for place, answer in enumerate(_answers(text), 1):
        if answer["type"] != "mushra":
            others[str(answer["type"])] += 1
            continue
        listener, trial, condition = people(str(answer["person"])), str(answer["trial"]), str(answer["stimulus"])
        given = (answer["score"], answer["ms"], answer["date"])
        earlier = seen.setdefault((str(answer["test"]), listener, trial, condition), [])
        if given in earlier:
            doubled.append(place)
            continue
        earlier.append(given)
        order = trials.setdefault(listener, {})
        rows.append(
            {
                "test": str(answer["test"] or ""),
                "listener": listener,
                "trial": trial,
                "clip": trial,
                "replicate": len(earlier) - 1,
                "order": order.setdefault(trial, len(order) + 1),
                "condition": condition,
                "role": ROLES.get(condition, "system"),
                "score": number(answer["score"], f"pymushra, answer {place}"),
                "trial_s": seconds(answer["ms"], f"pymushra, answer {place}", per_second=1000),
                "submitted": _moment(answer["date"], f"pymushra, answer {place}"),
            }
        )
    notes = [f"Left out: {count} answers of trials of type {kind}." for kind, count in sorted(others.items())]
    if doubled:
        notes.append(
            f"Left out: answer {', '.join(map(str, doubled))}, which repeats an earlier one of the same person, trial "
            "and stimulus."
        )
    return rows, notes


def _answers(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        data = parse_json(text)
        if isinstance(data, list):
            yield from map(_of_download, data)
        else:
            for collection in data.values():
                for trial in collection.values():
                    yield from _of_trial(trial)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"pymushra: expected the JSON of its download or of its TinyDB ({type(error).__name__}: {error})."
        ) from None


def _of_download(line: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "person": line["questionaire_uuid"],
        "test": line.get("wm_testId"),
        "trial": line["wm_id"],
        "type": line["wm_type"],
        "date": line.get("wm_date"),
        "stimulus": line["responses_stimulus"],
        "score": line.get("responses_score"),
        "ms": line.get("responses_time"),
    }


def _of_trial(trial: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for response in trial["responses"]:
        yield {
            "person": trial["questionaire"]["uuid"],
            "test": trial.get("testId"),
            "trial": trial["id"],
            "type": trial["type"],
            "date": trial.get("date"),
            "stimulus": response.get("stimulus"),
            "score": response.get("score"),
            "ms": response.get("time"),
        }


def _moment(date: object, where: str) -> str:
    """Milliseconds since 1970, as the download has them, as UTC; text as it is (local time of their server)."""
    if isinstance(date, int | float):
        try:
            return datetime.fromtimestamp(date / 1000, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            raise DatasetError(f"{where}: expected a date in milliseconds since 1970, got {date!r}.") from None
    return str(date or "")
