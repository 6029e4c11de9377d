"""Continued fractions of quadratic irrationals and the equation of Pell."""

from itertools import islice
from math import isqrt

from sympy import Rational, sqrt


def partial_quotients(n):
    """The continued fraction of the square root of n, which is not a square."""
    root = isqrt(n)
    p, q, a = 0, 1, root
    while True:
        yield a
        p = a * q - p
        q = (n - p * p) // q
        a = (root + p) // q


def convergents(quotients):
    h, h_before, k, k_before = 1, 0, 0, 1
    for a in quotients:
        h, h_before = a * h + h_before, h
        k, k_before = a * k + k_before, k
        yield Rational(h, k)


def pell(n):
    """The smallest x, y > 0 with x² - n·y² = 1."""
    for fraction in convergents(partial_quotients(n)):
        x, y = fraction.p, fraction.q
        if x * x - n * y * y == 1:
            return int(x), int(y)


if __name__ == "__main__":
    print(list(islice(partial_quotients(7), 9)))  # [2, 1, 1, 1, 4, 1, 1, 1, 4]
    print(pell(61))  # (1766319049, 226153980)
    print([(sqrt(2) - c).evalf(3) for c in islice(convergents(partial_quotients(2)), 4)])
