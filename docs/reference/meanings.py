"""What the keys of configurations mean, where their models do not say it themselves."""

from __future__ import annotations

MEANINGS: dict[str, dict[str, str]] = {
    "RunConfig": {
        "name": "of the run: its folder is `results/runs/NAME`",
        "description": "for readers of the report",
        "datasets": "what is coded; see [below](#datasets). A bare word is a loader",
        "codecs": "what codes it; see [below](#codecs). A bare word is a codec without a bitrate",
        "metrics": "quantities or groups: `core`, `signal`, `mos`, `semantic`, `all`; see [metrics](metrics.md)",
        "set_measures": "[measures of all clips of a category together](metrics.md#measures-of-whole-sets)",
        "sample_rate": "in Hz; every clip is converted to it before it becomes the reference. Without: each clip's own",
        "channels": "1 mixes every clip to mono before it becomes the reference, 2 doubles mono. Without: each "
        "clip's own",
        "band_limited": "what the report does with a clip whose content ends below the band of a codec: leave it out "
        "of that codec's means, or only mark them",
        "seed": "of every random choice of the run",
        "cell_timeout_s": "longest time of one step of a cell; after it the step is tried once more, then it has "
        "failed",
        "workers": "how many are started where the command does not say; it changes no table",
    },
    "CodecConfig": {
        "name": "a [codec](codecs.md), or `package.module:Class`",
        "bitrates_bps": "one condition for each, in bit/s; for codecs that have a bitrate to choose",
        "options": "of the codec, by name",
        "label": "its name in tables and folders, in place of name and options",
    },
    "DatasetConfig": {
        "loader": "one of the loaders below; every other key is an option of the loader",
        "name": "yours: the first part of every clip's id, and the dataset in the tables",
    },
    "TestConfig": {
        "name": "of the test: its folder is `results/tests/NAME`",
        "title": "heading of the listener's pages",
        "description": "for readers of the report",
        "type": "how people judge: `mushra`; `acr`, `dcr` (one stimulus a page, 1 to 5); `abx`, `ab` (pairs)",
        "preset": "defaults of the keys below, and the rule by which listeners are left out; only with `mushra`, "
        "there `bs1534` where none is named",
        "clips": "which clips; see [below](#clips)",
        "conditions": "patterns of conditions, `RUN:PATTERN` of one run; controls only where they are named in full",
        "hidden_reference": "rate a hidden copy of the reference; of the type and preset where it is left out",
        "anchors": "`low` (3.5 kHz), `mid` (7 kHz), or see [below](#anchors); of the preset where it is left out",
        "against": "what pairs compare with: `reference`, `each_other`, or a condition; only with `abx`, `ab`",
        "excerpt_s": "length in seconds; of the preset where it is left out",
        "excerpt_at": "where it is cut: `start`, `middle`, `loudest`, `random`, or seconds",
        "level_match": "`bs1770` brings each system to the loudness of its reference",
        "item_lufs": "brings every item to this loudness, with one gain for all its stimuli",
        "fade_ms": "raised-cosine fades at both ends",
        "training": "trials that come first and never count: how many clips, or which",
        "blocks": "what one listener hears of a test that is too large for one; see [below](#blocks)",
        "replicates": "trials of each block that come a second time",
        "question": "above the sliders; of the type where it is left out",
        "needs_a_hundred": "whether one stimulus of a page must have 100; of the preset where it is left out",
        "minimum_ratings": "ratings wanted for each stimulus, shown to the experimenter; of the preset where it is "
        "left out",
        "trials_before_break": "a break is offered after so many; 0: never",
        "headphone_check": "of the listener's device: tones left and right, tones in antiphase, or none",
        "questionnaire": "questions before or after; see [below](#questionnaire)",
        "languages": "of the pages; the first is that of a browser which asks for none of them",
        "texts": "replace any text of the pages, for all languages (`consent`) or one (`de.consent`)",
        "seed": "of every random choice of the test",
    },
    "ClipsConfig": {
        "category": "of this category only",
        "dataset": "of this dataset only",
        "per": "`count` is for each category or for each dataset",
        "count": "how many; of the preset where it is left out",
        "choose": "at random, or the clips that tell most",
        "quantity": "by which `critical` chooses: a quantity of the run",
        "by": "the largest spread between the conditions, or the worst mean",
        "ids": "these clips, and nothing else is chosen",
    },
    "AnchorConfig": {"name": "of the anchor", "cutoff_hz": "of its low-pass"},
    "TrainingConfig": {"count": "how many clips; of the preset where it is left out", "ids": "these clips"},
    "BlocksConfig": {
        "systems_per_trial": "systems on one page, dealt into groups by seed; only with `mushra`",
        "trials_per_listener": "trials of one person; everybody gets the block that fewest have",
    },
    "QuestionConfig": {
        "id": "of the answer in the data",
        "text": "in the first language, or a mapping from language to text",
        "kind": "how it is answered",
        "options": "to choose from, with `choice` and `choices`",
        "required": "whether it may stay empty",
        "when": "before or after the trials",
    },
}
"""By model and key."""

OPTIONS = {
    "bits": "of a sample",
    "category": "of every clip: `speech`, `noisy_reverberant_speech` or `music`",
    "count": "clips to make",
    "options": "further options of FFmpeg's encoder, by their names there",
    "path": "where it lies; relative paths start at the data folder",
    "reverberation_probability": "share of the clips that are in a room",
    "rt60_s": "lowest and highest reverberation time, or a mapping of classes",
    "sample_rate": "of the clips, in Hz",
    "seed": "of every random choice",
}
"""Of options whose docstring leaves them out, because they mean the same everywhere."""
