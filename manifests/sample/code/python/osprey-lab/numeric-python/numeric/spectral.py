"""Communities in a network from the second eigenvector of its Laplacian."""

import networkx as nx
import numpy as np


def fiedler(graph):
    """The eigenvalue that measures connectivity, and its eigenvector by node."""
    nodes = list(graph)
    laplacian = nx.laplacian_matrix(graph, nodelist=nodes).toarray().astype(float)
    values, vectors = np.linalg.eigh(laplacian)
    return values[1], dict(zip(nodes, vectors[:, 1]))


def bisect(graph):
    """Two halves with few edges between them: nodes below and above the median."""
    _, position = fiedler(graph)
    middle = np.median(list(position.values()))
    left = {node for node, x in position.items() if x <= middle}
    return left, set(graph) - left


if __name__ == "__main__":
    barbell = nx.barbell_graph(6, 0)
    connectivity, _ = fiedler(barbell)
    left, right = bisect(barbell)
    print(f"connectivity {connectivity:.4f}, cut {nx.cut_size(barbell, left, right)}")
