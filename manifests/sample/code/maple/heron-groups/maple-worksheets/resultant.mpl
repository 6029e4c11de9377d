# Eliminating a variable with the resultant of Sylvester.

SylvesterMatrix := proc(f, g, x)
    local m, n, a, b;
    m := degree(f, x);
    n := degree(g, x);
    a := k -> coeff(f, x, m - k);
    b := k -> coeff(g, x, n - k);
    return Matrix(m + n, m + n, (i, j) ->
        `if`(i <= n, `if`(j >= i and j - i <= m, a(j - i), 0),
             `if`(j >= i - n and j - i + n <= n, b(j - i + n), 0)));
end proc:

with(LinearAlgebra):

# Where does the circle meet the parabola?
circle := x^2 + y^2 - 4:
parabola := y - x^2 + 1:
R := factor(Determinant(SylvesterMatrix(circle, parabola, x)));
solve(R = 0, y);

# The discriminant is a resultant as well, up to the leading coefficient and a sign.
p := a*x^2 + b*x + c:
simplify(-Determinant(SylvesterMatrix(p, diff(p, x), x))/a - (b^2 - 4*a*c));
