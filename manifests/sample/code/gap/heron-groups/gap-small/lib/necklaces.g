# Counting necklaces with the lemma that is not Burnside's.

# Colourings of n places with k colours, up to the action of G on [ 1 .. n ].
NumberOfOrbits := function( G, n, k )
    local fixed;
    fixed := function( g )
        return k ^ Length( Orbits( Group( g ), [ 1 .. n ] ) );
    end;
    return Sum( ConjugacyClasses( G ),
                c -> Size( c ) * fixed( Representative( c ) ) ) / Size( G );
end;

Necklaces := function( n, k )
    return NumberOfOrbits( CyclicGroup( IsPermGroup, n ), n, k );
end;

Bracelets := function( n, k )
    if n < 3 then
        return Necklaces( n, k );
    fi;
    return NumberOfOrbits( DihedralGroup( IsPermGroup, 2 * n ), n, k );
end;

# gap> Necklaces( 6, 2 );  returns 14
# gap> Bracelets( 6, 2 );  returns 13
