"""The page's text in reading order: blocks, tables, code, and what is furniture."""
