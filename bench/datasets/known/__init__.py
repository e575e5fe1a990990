"""Well-known datasets, one module each: where they come from, what is in them, how clips are cut."""
