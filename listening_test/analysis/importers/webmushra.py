"""``mushra.csv`` of webMUSHRA.

A line for each stimulus: ``session_test_id``, the questions of the questionnaire, ``session_uuid`` (absent in older
versions), ``trial_id``, ``rating_stimulus``, ``rating_score``, ``rating_time`` (milliseconds on the page),
``rating_comment``. The stimulus is called ``reference`` for the hidden reference, ``anchor35`` and ``anchor70`` for
the low-pass anchors, else as in the configuration (``C1``). Source: webMUSHRA, service/write.php and
doc/experimenter.md.
"""

from __future__ import annotations

from collections import Counter

from listening_test.analysis.importers.base import Options, Pseudonyms, Row, number, seconds, table

ROLES = {"reference": "hidden_reference", "anchor35": "low_anchor", "anchor70": "mid_anchor"}

NEEDED = ("session_test_id", "trial_id", "rating_stimulus", "rating_score")
OWN = (*NEEDED, "session_uuid", "rating_time", "rating_comment")


def read(text: str, _options: Options) -> tuple[list[Row], list[str]]:
    """Rows of RATING_COLUMNS, and notes.

    A line that is equal to an earlier one of its session was written twice and counts once. One of the same session,
    trial and stimulus with another score or time is a repetition of the trial.
    """
    lines = table(text, "webmushra", NEEDED)
    people, seen, trials = Pseudonyms(), Counter[object](), dict[object, dict[str, int]]()
    rows: list[Row] = []
    lines_seen, doubled = set[tuple[str, ...]](), list[int]()
    for place, line in enumerate(lines, 2):
        if line.get("session_uuid") and tuple(line.values()) in lines_seen:
            doubled.append(place)
            continue
        lines_seen.add(tuple(line.values()))
        person: tuple[str, ...] = (line.get("session_uuid", ""),)
        if not person[0]:
            person = tuple(value for name, value in line.items() if name not in OWN)
        stimulus = (person, line["session_test_id"], line["trial_id"], line["rating_stimulus"])
        again = seen[stimulus]
        seen[stimulus] += 1
        who: object = person if line.get("session_uuid") else (person, again)
        order = trials.setdefault(who, {})
        rows.append(
            {
                "test": line["session_test_id"],
                "listener": people(who),
                "trial": line["trial_id"],
                "clip": line["trial_id"],
                "replicate": again if line.get("session_uuid") else 0,
                "order": order.setdefault(line["trial_id"], len(order) + 1),
                "condition": line["rating_stimulus"],
                "role": ROLES.get(line["rating_stimulus"], "system"),
                "score": number(line["rating_score"], f"webmushra, row {place}"),
                "trial_s": seconds(line.get("rating_time"), f"webmushra, row {place}", per_second=1000),
            }
        )
    notes = []
    if doubled:
        notes.append(
            f"Left out: row {', '.join(map(str, doubled))}, which repeats an earlier one of the same session, trial "
            "and stimulus in every cell."
        )
    if lines and not any(line.get("session_uuid") for line in lines):
        notes.append(
            "The file has no session_uuid: people are told apart by their answers to the questionnaire, and a trial "
            "that comes again with the same answers counts as another person."
        )
    return rows, notes
