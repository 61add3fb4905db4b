"""The `tickets` command: one file a subcommand; parses, prints and exits, decides nothing."""
