"""Partitions of integers: Euler's pentagonal recurrence, and an asymptotic formula."""

from functools import lru_cache
from itertools import count

from mpmath import exp, mpf, pi, sqrt


def pentagonal():
    """The numbers k(3k - 1)/2 for k = 1, -1, 2, -2, ... with their signs."""
    for k in count(1):
        sign = 1 if k % 2 else -1
        yield k * (3 * k - 1) // 2, sign
        yield k * (3 * k + 1) // 2, sign


@lru_cache(maxsize=None)
def partitions(n):
    """The number of ways to write n as a sum of positive integers, in any order."""
    if n == 0:
        return 1
    total = 0
    for step, sign in pentagonal():
        if step > n:
            return total
        total += sign * partitions(n - step)


def hardy_ramanujan(n):
    """The leading term of the asymptotic expansion."""
    n = mpf(n)
    return exp(pi * sqrt(2 * n / 3)) / (4 * n * sqrt(3))


if __name__ == "__main__":
    print([partitions(n) for n in range(11)])  # 1, 1, 2, 3, 5, 7, 11, 15, 22, 30, 42
    for n in (10, 100, 400):
        print(n, partitions(n), hardy_ramanujan(n) / partitions(n))
