"""Ratings of other programs. The files here are made by hand after the shape that the programs' own code writes."""

from __future__ import annotations

import json

import pytest

from bench.errors import ConfigError, DatasetError, StoreError, UnknownName
from listening_test.analysis.importers import FORMATS, import_ratings
from listening_test.analysis.importers.base import Options
from listening_test.model import RATING_COLUMNS

WEBMUSHRA = """session_test_id,email,age,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment
exp,"o'neil, <b>@example.org",30,u-1,trial1,reference,100,20500,
exp,"o'neil, <b>@example.org",30,u-1,trial1,anchor35,12,20500,"dull, ""boxy"" sound"
exp,"o'neil, <b>@example.org",30,u-1,trial1,C1,67,20500,
exp,"o'neil, <b>@example.org",30,u-1,training,C1,1,9000,
exp,second@example.org,41,u-2,trial1,reference,95,18000,
exp,second@example.org,41,u-2,trial1,anchor35,0,18000,
exp,second@example.org,41,u-2,trial1,C1,80,18000,
"""


def imported(format_, tmp_path, text, **options):
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    return import_ratings(format_, path, Options(test="mine", **options))


def test_webmushra(tmp_path):
    ratings, notes = imported("webmushra", tmp_path, WEBMUSHRA, training=("training",))
    assert list(ratings.columns) == list(RATING_COLUMNS)
    assert notes == ()
    assert ratings["listener"].unique().tolist() == ["listener-001", "listener-002"]
    assert "example.org" not in ratings.to_csv()
    first = ratings[(ratings["listener"] == "listener-001") & ~ratings["training"]].set_index("condition")
    assert first["score"].to_dict() == {"C1": 67, "anchor35": 12, "reference": 100}
    assert first["role"].to_dict() == {"C1": "system", "anchor35": "low_anchor", "reference": "hidden_reference"}
    assert set(first["trial_s"]) == {20.5}
    assert ratings["training"].sum() == 1
    assert not ratings["simulated"].any()


def test_webmushra_rows_that_stand_twice_count_once(tmp_path):
    """A page that was posted twice; a trial that was rated again has another score or time."""
    lines = WEBMUSHRA.splitlines(keepends=True)
    ratings, [note] = imported("webmushra", tmp_path, WEBMUSHRA + lines[3] + lines[5])
    assert "row 9, 10" in note
    assert len(ratings) == 7
    assert set(ratings["replicate"]) == {0}
    again, notes = imported("webmushra", tmp_path, WEBMUSHRA + lines[3].replace(",67,20500", ",60,31000"))
    assert notes == ()
    assert sorted(
        again.query("condition == 'C1' and listener == 'listener-001' and clip == 'trial1'")["replicate"]
    ) == [0, 1]


@pytest.mark.parametrize("ending", ["\u2028", "\x0c", "\x85", "\x1e"])
def test_what_is_no_end_of_a_line_does_not_end_one(tmp_path, ending):
    remark = WEBMUSHRA.replace("u-1,trial1,reference,100,20500,", f"u-1,trial1,reference,100,20500,well{ending}done")
    assert len(imported("webmushra", tmp_path, remark)[0]) == 7
    quoted = WEBMUSHRA.replace("u-1,trial1,reference,100,20500,", 'u-1,trial1,reference,100,20500,"well\ndone"')
    assert len(imported("webmushra", tmp_path, quoted)[0]) == 7


def test_webmushra_trials_of_two_tests_are_no_repetitions(tmp_path):
    lines = WEBMUSHRA.splitlines(keepends=True)
    other = "".join(line.replace("exp,", "other,", 1) for line in lines[1:])
    ratings, _ = imported("webmushra", tmp_path, WEBMUSHRA + other)
    assert set(ratings["test"]) == {"exp", "other"}
    assert set(ratings["replicate"]) == {0}


def test_webmushra_without_uuid_tells_people_apart(tmp_path):
    """Two people with the same answers: the second time that a stimulus comes it is another one."""
    lines = [line.split(",") for line in WEBMUSHRA.replace('"o\'neil, <b>@example.org"', "a").splitlines()]
    text = "\n".join(",".join(cell for i, cell in enumerate(line[:8]) if i not in (1, 3)) for line in lines)
    text = text.replace(",41,", ",30,")
    ratings, [note] = imported("webmushra", tmp_path, text)
    assert "no session_uuid" in note
    assert ratings["listener"].unique().tolist() == ["listener-001", "listener-002"]
    assert ratings.groupby("listener")["condition"].count().tolist() == [4, 3]


DOWNLOAD = [
    {"responses_stimulus": "reference", "responses_score": 100, "responses_time": 4000, "questionaire_uuid": "u1",
     "questionaire_name": "Eve", "wm_id": "t1", "wm_type": "mushra", "wm_testId": "exp", "wm_date": 1700000000000},
    {"responses_stimulus": "C1", "responses_score": 55.5, "responses_time": 4000, "questionaire_uuid": "u1",
     "questionaire_name": "Eve", "wm_id": "t1", "wm_type": "mushra", "wm_testId": "exp", "wm_date": 1700000000000},
    {"responses_stimulus": "C1", "responses_stimulusRating": "not a lot", "responses_time": 803,
     "questionaire_uuid": "u1", "wm_id": "lss1", "wm_type": "likert_single_stimulus", "wm_testId": "exp"},
]  # fmt: skip
TINYDB = {
    "exp": {
        "1": {
            "id": "t1", "type": "mushra", "testId": "exp", "date": "2024-01-02 03:04:05", "config": "c.yaml",
            "questionaire": {"uuid": "u1", "name": "Eve"},
            "responses": [{"stimulus": "reference", "score": 100, "time": 4000},
                          {"stimulus": "C1", "score": 55.5, "time": 4000}],
        }
    }
}  # fmt: skip


@pytest.mark.parametrize("data", [DOWNLOAD, TINYDB])
def test_pymushra(tmp_path, data):
    ratings, notes = imported("pymushra", tmp_path, json.dumps(data))
    assert dict(zip(ratings["condition"], ratings["score"], strict=True)) == {"C1": 55.5, "reference": 100}
    assert set(ratings["test"]) == {"exp"}
    assert "Eve" not in ratings.to_csv()
    assert notes == (("Left out: 1 answers of trials of type likert_single_stimulus.",) if data is DOWNLOAD else ())


def test_pymushra_answers_that_stand_twice_count_once(tmp_path):
    """With another score or time it is a repetition of the trial."""
    again = {**DOWNLOAD[1], "responses_score": 60, "responses_time": 900}
    ratings, notes = imported("pymushra", tmp_path, json.dumps([*DOWNLOAD[:2], DOWNLOAD[1], again]))
    assert "answer 3, which repeats" in notes[0]
    table = ratings.set_index(["condition", "replicate"])["score"].to_dict()
    assert table == {("C1", 0): 55.5, ("C1", 1): 60, ("reference", 0): 100}


GO_LISTEN = """Tags,,,speech|clean,,,,music,,
Name,Date,"How old, please?","Piece 1 rating",,,Time (s),"Piece 2 rating",,Time (s)
,,,one_ref.wav,one_opus.wav,one_low.wav,,two_ref.wav,two_opus.wav,
Ada,2024-05-06 07:08:09,30,100,60,10,33.5,99,,20
Bob,2024-05-07 07:08:09,31,90,50,5,30,100,70,21
"""


def test_go_listen(tmp_path):
    pattern = r"(?P<clip>.+)_(?P<condition>[^_]+)[.]wav"
    roles = {"ref": "hidden_reference", "low": "low_anchor"}
    ratings, notes = imported("go_listen", tmp_path, GO_LISTEN, pattern=pattern, roles=roles)
    assert notes == ("1 sounds were not rated and are left out.",)
    assert len(ratings) == 9
    assert not {"Ada", "Bob"} & set(ratings["listener"])
    table = ratings.set_index(["listener", "clip", "condition"])
    assert table.loc[("listener-002", "two", "opus"), "score"] == 70
    assert table.loc[("listener-001", "one", "low"), "role"] == "low_anchor"
    assert table.loc[("listener-001", "two", "ref"), "trial"] == "Piece 2"
    assert table.loc[("listener-001", "two", "ref"), "trial_s"] == 20
    assert set(table["order"]) == {1, 2}
    _, notes = imported("go_listen", tmp_path, GO_LISTEN)
    assert "file names" in notes[-1]


def test_go_listen_names_with_a_comma_are_told(tmp_path):
    with pytest.raises(DatasetError, match=r"row 4: expected 10 cells.*got 11"):
        imported("go_listen", tmp_path, GO_LISTEN.replace("Ada", "Ada, Countess"))


def test_sheets_of_voicemos(real_data):
    path = real_data("ratings/sheet_svcc23_listener_wise.csv")
    pattern = r"-(?P<condition>[A-Z0-9]+)-(?P<clip>.+)$"
    ratings, _ = import_ratings("listener_wise", path, Options("svcc", pattern=pattern))
    assert (len(ratings), len(ratings["listener"].unique())) == (25440, 400)
    assert set(ratings["test_type"]) == {"acr"}
    assert "B01" in set(ratings["condition"])
    path = real_data("ratings/sheet_vmc24_track3_listener_wise.csv")
    ratings, _ = import_ratings("listener_wise", path, Options("vmc", score="ovr", pattern=r"_(?P<condition>sys_?\d)_"))
    assert len(ratings) == 1400


def test_means_without_listeners_are_refused(real_data):
    with pytest.raises(DatasetError, match="without their listeners"):
        import_ratings("listener_wise", real_data("ratings/sheet_tcd-voip_answer.csv"), Options("x", score="MOS"))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "[]", "{}", '{"a": 1}', "[1]", '"x"', "1"])
def test_what_is_of_another_format_is_told(tmp_path, format_, text):
    with pytest.raises((DatasetError, StoreError)) as error:
        imported(format_, tmp_path, text)
    assert "expected" in str(error.value)


def test_wrong_scores_roles_and_names_are_told(tmp_path):
    with pytest.raises(DatasetError, match=r"row 4: expected a score from 0 to 100, got '167'"):
        imported("webmushra", tmp_path, WEBMUSHRA.replace(",67,", ",167,"))
    with pytest.raises(ConfigError, match="expected one of the roles hidden_reference"):
        imported("webmushra", tmp_path, WEBMUSHRA, roles={"C1": "codec"})
    with pytest.raises(ConfigError, match="no condition 'C9'"):
        imported("webmushra", tmp_path, WEBMUSHRA, roles={"C9": "system"})
    with pytest.raises(ConfigError, match="no regular expression"):
        imported("go_listen", tmp_path, GO_LISTEN, pattern="(")
    with pytest.raises(ConfigError, match="expected a group"):
        imported("go_listen", tmp_path, GO_LISTEN, pattern="(.*)")
    with pytest.raises(DatasetError, match="does not fit"):
        imported("go_listen", tmp_path, GO_LISTEN, pattern="(?P<condition>x{9})")
    with pytest.raises(UnknownName, match="webmushra, pymushra"):
        imported("waet", tmp_path, "")
    with pytest.raises(StoreError, match="cannot be read"):
        import_ratings("webmushra", tmp_path / "absent.csv")


def test_times_and_dates_that_are_none_are_told(tmp_path):
    with pytest.raises(DatasetError, match="webmushra, row 4: expected a time of 0 or more, got 'soon'"):
        imported("webmushra", tmp_path, WEBMUSHRA.replace(",67,20500", ",67,soon"))
    with pytest.raises(DatasetError, match="go_listen, row 4: expected a time of 0 or more, got 'soon'"):
        imported("go_listen", tmp_path, GO_LISTEN.replace("33.5", "soon"))
    for key, value in (("responses_time", "soon"), ("wm_date", 1e30)):
        with pytest.raises(DatasetError, match="pymushra, answer 1: expected a"):
            imported("pymushra", tmp_path, json.dumps([{**DOWNLOAD[0], key: value}]))
    with pytest.raises(DatasetError, match="can be read as CSV"):
        imported("webmushra", tmp_path, WEBMUSHRA + "x" * 200_000)
    untimed, _ = imported("go_listen", tmp_path, GO_LISTEN.replace(",,20\n", ",,\n"))
    assert untimed.query("listener == 'listener-001' and trial == 'Piece 2'")["trial_s"].isna().all()


def test_one_listener_rates_a_stimulus_once(tmp_path):
    text = 'signal,condition,ratings,participant_ids,file\na,Reference,"[1.0, 2.0]","[1, 1]",x\n'
    with pytest.raises(DatasetError, match="got several"):
        imported("bernoulli", tmp_path, text)


def test_bernoulli_lists_must_fit(tmp_path):
    text = 'signal,condition,ratings,participant_ids,file\na,Reference,"[1.0, 2.0]","[1]",x\n'
    with pytest.raises(DatasetError, match="as many participants as ratings"):
        imported("bernoulli", tmp_path, text)
    with pytest.raises(DatasetError, match="list of numbers"):
        imported("bernoulli", tmp_path, text.replace("[1.0, 2.0]", "1; 2"))
    with pytest.raises(DatasetError, match="list of numbers"):
        imported("bernoulli", tmp_path, text.replace("[1]", "[1.0, NaN]"))
