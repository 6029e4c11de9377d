# The probability that two elements of a finite group commute
# is the number of conjugacy classes divided by the order.

CommutingProbability := function( G )
    return NrConjugacyClasses( G ) / Size( G );
end;

# The same by counting pairs, to check the theorem on small groups.
CommutingProbabilityByPairs := function( G )
    local elements, count, x, y;
    elements := AsList( G );
    count := 0;
    for x in elements do
        for y in elements do
            if x * y = y * x then
                count := count + 1;
            fi;
        od;
    od;
    return count / Size( G )^2;
end;

# No group that is not abelian exceeds five eighths.
TestFiveEighths := function( limit )
    local n, G;
    for n in [ 2 .. limit ] do
        for G in AllSmallGroups( n ) do
            if not IsAbelian( G ) and CommutingProbability( G ) > 5/8 then
                return G;
            fi;
        od;
    od;
    return fail;
end;
