"""What people see in a terminal: progress, tables, summaries, and what a shell offers behind a command."""
