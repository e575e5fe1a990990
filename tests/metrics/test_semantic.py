"""Recognised words and speaker embeddings, through the real code on small random networks."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench import contracts
from bench.audio import Audio
from bench.errors import ConfigError, MetricUndefined, MissingRequirement
from bench.metrics.semantic import speaker, whisper
from bench.metrics.semantic.speaker import SpeakerSimilarity
from bench.metrics.semantic.words import WordErrors
from bench.models import catalogue as models

torch = pytest.importorskip("torch", reason="pip install 'codecbench[semantic]'")
pytest.importorskip("transformers", reason="pip install 'codecbench[semantic]'")
pytest.importorskip("jiwer", reason="pip install 'codecbench[semantic]'")

from tests.metrics import networks  # noqa: E402  # imports transformers


@pytest.fixture(scope="session")
def folders(network_folders, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("other networks")
    return {
        "words": Path(network_folders[whisper.VARIABLE]),
        "wavlm": Path(network_folders[speaker.VARIABLE]),
        "english": networks.whisper(folder / "english", multilingual=False),
        "colour": networks.whisper(folder / "colour", syllables=["Ġcolour"]),
        "dots": networks.whisper(folder / "dots", syllables=["Ġ...", "Ġ-"]),
    }


@pytest.fixture(autouse=True)
def _places(folders, monkeypatch):
    monkeypatch.setenv(whisper.VARIABLE, str(folders["words"]))
    monkeypatch.setenv(speaker.VARIABLE, str(folders["wavlm"]))
    monkeypatch.delenv(whisper.LANGUAGE_VARIABLE, raising=False)


def values(metric, reference: Audio, degraded: Audio) -> dict[str, float]:
    return metric.score(metric.prepare(reference), degraded)


def heard(clip: Audio, language: str = "en") -> str:
    return whisper.load(whisper.WEIGHTS.find()).text(clip.at(16_000).samples[0].astype(np.float32), language)


def edits(reference: list[str] | str, degraded: list[str] | str) -> int:
    """Levenshtein's distance, by its definition."""
    row = list(range(len(degraded) + 1))
    for i, one in enumerate(reference, 1):
        previous, row = row, [i]
        for j, other in enumerate(degraded, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (one != other)))
    return row[-1]


def test_identical_audio_is_understood_the_same(speech):
    assert values(WordErrors(), speech, speech) == {"wer": 0, "cer": 0}
    assert values(SpeakerSimilarity(), speech, speech)["speaker_similarity"] == pytest.approx(1, abs=1e-9)


def test_the_error_rates_are_edits_per_length(speech, noisy):
    metric = WordErrors()
    prepared = metric.prepare(speech)
    (reference,) = prepared.states
    text = heard(noisy, reference.language)
    found = metric.score(prepared, noisy)
    words = reference.text.split()
    assert 0 < found["wer"] == pytest.approx(edits(words, text.split()) / len(words))
    assert 0 < found["cer"] == pytest.approx(edits(reference.text, text) / len(reference.text))


def test_the_same_audio_gives_the_same_text_from_a_fresh_model(speech):
    first = heard(speech)
    whisper.load.cache_clear()
    assert heard(speech) == first
    assert len(first.split()) > 5


def test_a_long_clip_is_heard_in_equal_pieces(speech):
    """Of at most two seconds by this model: 5 s are three pieces."""
    clip = Audio(np.concatenate([speech.samples, speech.samples[:, :48_000]], axis=1), speech.rate).at(16_000)
    cuts = np.linspace(0, clip.length, 4).round().astype(int)
    parts = [clip.part(start, stop) for start, stop in pairwise(cuts)]
    assert heard(clip) == " ".join(heard(part) for part in parts)


def test_silence_has_no_words(speech):
    assert values(WordErrors(), speech, Audio(0 * speech.samples, speech.rate)) == {"wer": 1, "cer": 1}
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        values(SpeakerSimilarity(), speech, Audio(0 * speech.samples, speech.rate))


def test_a_reference_without_words_is_undefined(speech, folders, monkeypatch):
    monkeypatch.setenv(whisper.VARIABLE, str(folders["dots"]))
    with pytest.raises(MetricUndefined, match="hears no words in the reference"):
        WordErrors().prepare(speech)


def test_the_language_is_that_of_the_reference_or_the_chosen_one(speech, monkeypatch):
    metric = WordErrors()
    assert metric.prepare(speech).states[0].language in networks.LANGUAGES
    assert "language of the reference" in str(metric.identity)
    for language in networks.LANGUAGES:
        monkeypatch.setenv(whisper.LANGUAGE_VARIABLE, language)
        metric = WordErrors()
        assert metric.prepare(speech).states[0].language == language
        assert str(metric.identity).endswith(f"language {language}")
    monkeypatch.setenv(whisper.LANGUAGE_VARIABLE, "enn")
    with pytest.raises(ConfigError, match=r"expected a language code .* got 'enn'. Did you mean 'en'\?"):
        WordErrors()


def test_english_is_spelt_one_way(speech, folders, monkeypatch):
    monkeypatch.setenv(whisper.VARIABLE, str(folders["colour"]))
    assert set(heard(speech, "en").split()) == {"color"}
    assert set(heard(speech, "de").split()) == {"colour"}


def test_an_english_model_needs_no_language(speech, noisy, folders, monkeypatch):
    monkeypatch.setenv(whisper.VARIABLE, str(folders["english"]))
    metric = WordErrors()
    assert metric.prepare(speech).states[0].language == "en"
    assert values(metric, speech, noisy)["wer"] > 0


def test_the_similarity_is_the_cosine_of_the_networks_embeddings(speech, noisy, folders):
    from transformers import WavLMForXVector

    model = WavLMForXVector.from_pretrained(folders["wavlm"]).eval()
    with torch.no_grad():
        pair = [model(torch.from_numpy(clip.at(16_000).samples.copy())).embeddings[0] for clip in (speech, noisy)]
    expected = float(torch.nn.functional.cosine_similarity(*pair, dim=0))
    found = values(SpeakerSimilarity(), speech, noisy)["speaker_similarity"]
    assert found == pytest.approx(expected, abs=1e-5)
    assert found < 0.9999


def test_other_weights_are_another_metric(folders, monkeypatch):
    first = WordErrors().identity
    assert first == WordErrors().identity
    monkeypatch.setenv(whisper.VARIABLE, str(folders["colour"]))
    assert WordErrors().identity != first


def test_half_precision_weights_compute_in_single(speech, folders, tmp_path, monkeypatch):
    from transformers import WhisperForConditionalGeneration

    for file in folders["words"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    WhisperForConditionalGeneration.from_pretrained(folders["words"]).half().save_pretrained(tmp_path)
    monkeypatch.setenv(whisper.VARIABLE, str(tmp_path))
    assert values(WordErrors(), speech, speech)["wer"] == 0
    assert whisper.load(whisper.WEIGHTS.find()).model.dtype == torch.float32


def test_weights_in_the_older_format_will_do(speech, folders, tmp_path, monkeypatch):
    from safetensors.torch import load_file

    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((folders["wavlm"] / name).read_bytes())
    torch.save(load_file(folders["wavlm"] / "model.safetensors"), tmp_path / "pytorch_model.bin")
    expected = SpeakerSimilarity().prepare(speech).states[0]
    monkeypatch.setenv(speaker.VARIABLE, str(tmp_path))
    assert SpeakerSimilarity().prepare(speech).states[0] == pytest.approx(expected, abs=1e-6)


def test_absent_weights_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv(whisper.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(
        MissingRequirement, match=r"with CODECBENCH_WHISPER. To get it: codecbench weights fetch whisper"
    ):
        WordErrors()
    monkeypatch.delenv(speaker.VARIABLE)
    with pytest.raises(MissingRequirement, match=r"model.safetensors or pytorch_model.bin .* weights fetch wavlm_sv"):
        SpeakerSimilarity()


def test_the_public_check_says_what_a_signal_without_words_cannot_show():
    results = list(contracts.check("wer"))
    assert all(result.ok for result in results)
    assert [result.detail for result in results].count("not tried: nothing is said in the test signal.") == 3


def test_a_folder_with_a_file_missing_names_it(folders, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_bytes((folders["wavlm"] / "config.json").read_bytes())
    monkeypatch.setenv(speaker.VARIABLE, str(tmp_path))
    with pytest.raises(MissingRequirement, match=r"but model.safetensors or pytorch_model.bin and preprocessor_config"):
        SpeakerSimilarity()


@pytest.mark.parametrize(
    ("name", "text"),
    [("tokenizer.json", "{}"), ("preprocessor_config.json", "nothing"), ("generation_config.json", "nothing")],
)
def test_a_damaged_file_is_named(name, text, speech, folders, tmp_path, monkeypatch):
    for file in folders["words"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_text(text)
    monkeypatch.setenv(whisper.VARIABLE, str(tmp_path))
    with pytest.raises(MissingRequirement, match=r"got something else .* Download the file again"):
        WordErrors().prepare(speech)


def test_a_network_of_another_kind_is_refused(speech, folders, monkeypatch, tmp_path):
    for file in folders["words"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = json.loads((folders["wavlm"] / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(settings))
    monkeypatch.setenv(whisper.VARIABLE, str(tmp_path))
    with pytest.raises(MissingRequirement, match="expected the weights of Whisper"):
        WordErrors().prepare(speech)


def test_weights_of_metrics_are_listed_with_their_places(folders):
    assert models.place(models.find("whisper")) == folders["words"]
    assert models.place(models.find("wavlm_sv")) == folders["wavlm"]
    assert models.find("whisper").licence == "Apache-2.0"


def test_fetching_without_a_network_names_every_file(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv(whisper.VARIABLE, "nobody/nothing")
    with pytest.raises(MissingRequirement, match=r"nobody/nothing cannot .* normalizer.json .* CODECBENCH_WHISPER"):
        models.fetch(models.find("whisper"), lambda *_: None)
