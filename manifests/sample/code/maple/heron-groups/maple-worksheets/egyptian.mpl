# Egyptian fractions by the greedy algorithm of Fibonacci.

EgyptianFraction := proc(q::rational)
    local rest, terms, n;
    if q <= 0 or q >= 1 then
        error "expected a fraction between 0 and 1, but received %1", q;
    end if;
    rest := q;
    terms := [];
    while rest > 0 do
        n := ceil(1/rest);
        terms := [op(terms), 1/n];
        rest := rest - 1/n;   # the numerator becomes smaller, so this ends
    end do;
    return terms;
end proc:

EgyptianFraction(4/5);     # 1/2 + 1/4 + 1/20
EgyptianFraction(5/121);   # the greedy choice can be far from the shortest
map(add, [EgyptianFraction(4/5), EgyptianFraction(5/121)]);
