"""Which commits of which repositories to read: found and pinned through GitHub's API, once, before a run."""
