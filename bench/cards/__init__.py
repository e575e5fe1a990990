"""Data cards: what is in a dataset, under which terms, and the text that names its authors."""
