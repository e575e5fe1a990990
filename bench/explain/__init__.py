"""What a metric is, from its own docstring, and how it reacts to damage of known size."""
