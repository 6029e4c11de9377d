"""A few items and pages of our own."""

from __future__ import annotations

from filters.contamination.items import Part

LONG = (
    "Marta sells 18 jars of plum jam every Saturday at the village market. She gives four jars to her neighbours and "
    "uses three for pancakes. If every jar costs $6, how many dollars does Marta earn on one Saturday, "
    "and how many in 7 weeks?"
)
ANSWER = (
    "We compute and find: "
    "Marta keeps 18 - 4 - 3 = 11 jars for the market. One Saturday brings 11 * 6 = 66 dollars. Over the 7 weeks of the "
    "summer season that makes 66 * 7 = 462 dollars in the money box. #### 462"
)
FORMULA = r"Compute $\dbinom{12}{5} - \sin 30^\circ$."
SOLVE = (
    r"The parabola $y = \frac{3}{4}x^2 - 5x + 7$ meets the horizontal line through its focus in two points. Find them."
)
PARTS = (
    Part("jam", "0", "question", LONG),
    Part("jam", "0", "answer", ANSWER),
    Part("short", "0", "question", FORMULA),
    Part("short", "1", "question", SOLVE),
    Part("names", "ring.mul_left_cancel", "name", "ring.mul_left_cancel"),
)
PAGES = (
    "Bread rises because yeast turns sugar into carbon dioxide. Knead the dough for ten minutes, then let it rest.",
    "Theorem 3. Every bounded sequence of real numbers has a convergent subsequence. Proof. Halve the interval.",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35",
)


def inside(text: str) -> str:
    """A page with a text in it."""
    return f"{PAGES[0]}\n\n{text}\n\n{PAGES[1]}"
