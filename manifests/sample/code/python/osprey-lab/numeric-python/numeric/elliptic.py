"""Points of an elliptic curve y² = x³ + ax + b over a prime field."""

from dataclasses import dataclass

from sympy import isprime


@dataclass(frozen=True)
class Curve:
    a: int
    b: int
    p: int

    def __post_init__(self):
        if not isprime(self.p) or (4 * self.a**3 + 27 * self.b**2) % self.p == 0:
            raise ValueError("not a smooth curve over a prime field")

    def add(self, first, second):
        """The chord and tangent law; None is the point at infinity."""
        if first is None or second is None:
            return first or second
        (x1, y1), (x2, y2) = first, second
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if first == second:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def multiply(self, n, point):
        """n times the point, by doubling and adding."""
        total = None
        while n:
            if n & 1:
                total = self.add(total, point)
            point = self.add(point, point)
            n >>= 1
        return total

    def points(self):
        squares = {}
        for y in range(self.p):
            squares.setdefault(y * y % self.p, []).append(y)
        affine = [(x, y) for x in range(self.p) for y in squares.get((x**3 + self.a * x + self.b) % self.p, [])]
        return [None, *affine]


if __name__ == "__main__":
    curve = Curve(2, 3, 97)
    print(len(curve.points()))  # 100; Hasse: |N - 98| <= 2·sqrt(97)
    print(curve.multiply(5, (3, 6)))  # None, for the point has order five
