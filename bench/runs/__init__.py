"""A run on disk: its record, its tables, and what they must look like."""
