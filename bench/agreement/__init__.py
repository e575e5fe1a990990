"""Does a metric speak for the ears? Scores of metrics beside ratings of the same files."""
