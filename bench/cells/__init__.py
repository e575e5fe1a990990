"""The cells of a run, from plan to rows: a clip under a condition, and what runs of it inside a worker."""
