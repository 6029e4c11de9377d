"""HTML to text with the mathematics kept as LaTeX."""

from pipeline.extract.bounds import ExtractError
from pipeline.extract.page import Extraction, extract

__all__ = ["ExtractError", "Extraction", "extract"]
