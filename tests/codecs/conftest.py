"""The stand-ins are programs, not tests: pytest would import them and what they need."""

collect_ignore = ["standins"]
