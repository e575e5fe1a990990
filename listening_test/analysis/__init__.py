"""From ratings to results: screening, statistics, plots, a report. Pure functions on RATING_COLUMNS."""
