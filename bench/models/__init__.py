"""The weights of codecs and metrics: where they lie, how they are fetched, and where networks compute."""
