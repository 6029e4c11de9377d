"""MathML, and what renderers drew as well, to TeX."""
