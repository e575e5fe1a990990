"""The journal of a run: what any number of drivers have finished, in one folder, without locks."""

from bench.journal.journal import Journal as Journal
from bench.journal.journal import Records as Records
