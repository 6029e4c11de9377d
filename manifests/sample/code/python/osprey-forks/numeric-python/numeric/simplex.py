"""The simplex algorithm on a dense tableau, with the rule of Bland against cycling."""

import numpy as np


def maximise(c, a, b):
    """Maximise c·x subject to a @ x <= b and x >= 0, where b >= 0.

    Returns the optimal value and the vertex, or raises ValueError if the problem is unbounded.
    """
    m, n = a.shape
    tableau = np.block([[a, np.eye(m), b[:, None]], [-c[None, :], np.zeros((1, m + 1))]])
    basis = list(range(n, n + m))
    while True:
        improving = np.flatnonzero(tableau[-1, :-1] < -1e-12)
        if improving.size == 0:
            break
        column = improving[0]
        row = leaving_row(tableau, column, basis)
        pivot(tableau, row, column)
        basis[row] = column
    x = np.zeros(n + m)
    x[basis] = tableau[:-1, -1]
    return tableau[-1, -1], x[:n]


def leaving_row(tableau, column, basis):
    entries = tableau[:-1, column]
    rows = np.flatnonzero(entries > 1e-12)
    if rows.size == 0:
        raise ValueError("the objective is unbounded")
    ratios = tableau[rows, -1] / entries[rows]
    tied = rows[np.isclose(ratios, ratios.min())]
    return min(tied, key=lambda row: basis[row])


def pivot(tableau, row, column):
    tableau[row] /= tableau[row, column]
    others = np.arange(len(tableau)) != row
    tableau[others] -= np.outer(tableau[others, column], tableau[row])


if __name__ == "__main__":
    value, x = maximise(np.array([3.0, 5.0]), np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 2.0]]), np.array([4.0, 12.0, 18.0]))
    print(value, x)  # 36.0 [2. 6.]
