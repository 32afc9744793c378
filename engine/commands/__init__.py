"""The command line: one file for each command, each with ``add`` (its arguments) and a handler that returns an exit status."""
