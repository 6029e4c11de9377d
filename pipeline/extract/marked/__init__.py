"""Mathematics that the markup of a page marks as such."""
