# Legendre polynomials: four definitions that agree.

LegendreByRecurrence := proc(n::nonnegint, x)
    local k, previous, current;
    if n = 0 then return 1 end if;
    previous := 1;
    current := x;
    for k from 1 to n - 1 do
        previous, current := current, ((2*k + 1)*x*current - k*previous)/(k + 1);
    end do;
    return expand(current);
end proc:

LegendreByRodrigues := proc(n::nonnegint, x)
    if n = 0 then return 1 end if;
    return expand(diff((x^2 - 1)^n, x$n)/(2^n*n!));
end proc:

LegendreByGenerating := proc(n::nonnegint, x)
    local t;
    return expand(coeff(convert(series(1/sqrt(1 - 2*x*t + t^2), t, n + 1), polynom), t, n));
end proc:

LegendreBySum := (n, x) -> expand(add(binomial(n, k)^2*(x - 1)^(n - k)*(x + 1)^k, k = 0 .. n)/2^n):

# All the differences are zero, and different polynomials are orthogonal.
seq(expand(LegendreByRecurrence(n, x) - LegendreByRodrigues(n, x)), n = 0 .. 8);
seq(expand(LegendreByRecurrence(n, x) - LegendreBySum(n, x)), n = 0 .. 8);
Matrix(5, 5, (i, j) -> int(LegendreByRecurrence(i, x)*LegendreByRecurrence(j, x), x = -1 .. 1));
