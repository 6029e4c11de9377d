"""How documents are moved: sources, stages, and the law that every unit of work obeys."""

__version__ = "0.1.0"
