"""All problems of a configuration at once, each with file, key and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from bench import config
from bench.errors import ConfigError


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "x.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    return [problem.removeprefix(f"{path}, ") for problem in caught.value.problems]


def test_every_problem_is_listed_with_key_and_near_name(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        name: x
        datsets: []
        sample_rate: 500
        datasets:
          - {loader: foldr, name: speech}
        codecs:
          - {name: opsu, bitrates_bps: [6000]}
          - {name: opus, bitrate_bps: [6000]}
        metrics: [pesq, stoi]
        """,
    )
    text = "\n".join(found)
    assert "datsets: unknown key. Did you mean 'datasets'?" in text
    assert "sample_rate: input should be greater than or equal to 8000, got 500." in text
    assert "datasets[0].loader: no dataset loader is named 'foldr'. Did you mean 'folder'?" in text
    assert "codecs[0].name: no codec is named 'opsu'. Did you mean 'opus'?" in text
    assert "codecs[1].bitrate_bps: unknown key. Did you mean 'bitrates_bps'?" in text
    assert "metrics[0]: no metric is named 'pesq'. Did you mean 'pesq_" in text
    assert len(found) == 6


def test_what_a_codec_cannot_do_says_what_it_can(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        name: x
        datasets: [embedded]
        codecs:
          - {name: opus, bitrates_bps: [12000, 3000]}
          - {name: mp3, bitrates_bps: [13000]}
          - {name: aac}
          - {name: passthrough, bitrates_bps: [1000]}
          - {name: opus, label: o, bitrates_bps: [6000], options: {complexty: 3}}
          - {name: pcm, options: {bits: 99}}
        """,
    )
    text = "\n".join(found)
    assert "codecs[0].bitrates_bps[1]: opus at 48000 Hz, mono, does 6000 to 256000 bit/s, not 3000" in text
    assert "codecs[1].bitrates_bps[0]: mp3 at 48000 Hz, mono, does 32000, 40000" in text
    assert "codecs[2].bitrates_bps: aac needs at least one bitrate in bit/s, such as 24000" in text
    assert "codecs[3].bitrates_bps: passthrough has no bitrate to choose" in text
    assert "codecs[4].options: codec opus has no option 'complexty'. Did you mean 'complexity'?" in text
    assert "codecs[5].options: pcm: expected bits from 2 to 24, got 99." in text
    assert len(found) == 6


def test_conditions_given_twice_are_refused(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        name: x
        datasets: [embedded]
        codecs: [{name: opus, bitrates_bps: [6000]}, {name: opus, bitrates_bps: [6000, 12000]}]
        """,
    )
    assert found == ["codecs: condition opus@6000 is there 2 times; give the codecs different labels."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: [", "not valid YAML"),
        ("name: x\nname: y\n", "key 'name' is given twice"),
        ("- a\n- b\n", "expected keys such as datasets and codecs, got list"),
        ("", "expected keys such as datasets and codecs, got NoneType"),
        ("name: ../x\ndatasets: [embedded]\ncodecs: [pcm]", "name: string should match pattern"),
        ("name: x\ndatasets: []\ncodecs: []", "datasets: list should have at least 1 item"),
    ],
)
def test_text_that_is_no_configuration(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in "\n".join(problems(tmp_path, text))


def test_unknown_options_of_a_loader(tmp_path: Path) -> None:
    (found,) = problems(
        tmp_path,
        "name: x\ndatasets: [{loader: folder, category: speech, path: a, lenght: 3}]\ncodecs: [pcm]",
    )
    assert "datasets[0]: dataset loader folder has no option 'lenght'" in found


def test_a_missing_file_names_the_near_shipped_one() -> None:
    with pytest.raises(ConfigError, match=r"demmo: no such configuration file\. Did you mean 'demo'\?"):
        config.load("demmo")


def test_every_shipped_configuration_is_valid() -> None:
    for path in config.shipped().values():
        data, text = config.mapping_of(path)
        parsed = config.RunConfig.model_validate(data)
        assert parsed.conditions
        assert [problem for problem in problems_of(data) if "To get it: " not in problem] == []  # but what is not here
        assert parsed.description in " ".join(text.replace("#", "").split()) or parsed.description


def problems_of(data: Mapping[str, object]) -> list[str]:
    try:
        config.parse(data)
    except ConfigError as error:
        return error.problems
    return []


def test_condition_ids_are_file_names() -> None:
    parsed = config.parse(
        {
            "name": "x",
            "datasets": ["embedded"],
            "codecs": [
                {"name": "pcm", "options": {"bits": 8}},
                {"name": "opus", "label": "a b/c", "bitrates_bps": [6000]},
            ],
        }
    )
    assert [condition.id for condition in parsed.conditions] == ["pcm,bits=8", "a_b_c@6000"]


def test_values_of_options_are_checked_by_their_types(tmp_path: Path) -> None:
    found = "\n".join(
        problems(
            tmp_path,
            """
            name: x
            datasets: [embedded]
            codecs:
              - {name: pcm, options: {bits: many}}
              - {name: opus, bitrates_bps: [6000], options: {vbr: []}}
              - name: command
                label: c
                options: {encode: "cp {input} {bitstream}", decode: [a], sample_rates: 48000, timeout_s: x}
              - {name: ":x"}
            """,
        )
    )
    assert "codecs[0].options: codec pcm, option bits: Input should be a valid integer" in found
    assert "codecs[1].options: codec opus, option vbr" in found
    for option in ("encode", "sample_rates", "timeout_s"):
        assert f"codecs[2].options: codec command, option {option}" in found
    assert "no codec is named ':x'" in found
    assert "bitrates_bps[0]: input should be greater than 0, got -5" in "\n".join(
        problems(tmp_path, "name: x\ndatasets: [embedded]\ncodecs: [{name: opus, bitrates_bps: [-5]}]")
    )


def test_two_codecs_are_not_one_curve(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        name: x
        datasets: [embedded]
        codecs: [{name: opus, bitrates_bps: [6000]}, {name: mp3, label: opus, bitrates_bps: [64000]}]
        """,
    )
    assert found == ["codecs: 2 different codecs would be one curve called opus; give them different labels."]


def test_a_command_needs_a_label(tmp_path: Path) -> None:
    text = """
        name: x
        datasets: [embedded]
        codecs:
          - name: command
            options: {encode: [cp, "{input}", "{bitstream}"], decode: [cp, "{bitstream}", "{output}"]}
        """
    assert problems(tmp_path, text) == ["codecs[0].label: command needs a label, its name in tables and folders."]
