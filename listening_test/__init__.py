"""The MUSHRA listening test. It meets the harness in one file, ``ratings.parquet``."""
