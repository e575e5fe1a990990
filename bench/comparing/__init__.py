"""A run against the run before it: what a change of a codec did, with a verdict for machines."""
