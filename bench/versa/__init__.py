"""Scores of VERSA (github.com/wavlab-speech/versa): its JSON lines beside ours in a report, and ours in its form."""
