"""Mathematics in the text of a page, between delimiters."""
