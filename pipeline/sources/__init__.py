"""The one seam to the outside world: each module here reads one kind of archive."""
