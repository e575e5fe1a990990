"""From the decoded files of runs to the folder of a test: configuration, choice, stimuli, trials, linter."""
