gap> START_TEST( "sylow.tst" );

# The number of Sylow subgroups is 1 modulo p and divides the index.
gap> NumberOfSylow := function( G, p )
>        local P;
>        P := SylowSubgroup( G, p );
>        return Index( G, Normalizer( G, P ) );
>    end;;
gap> G := AlternatingGroup( 5 );;
gap> List( [ 2, 3, 5 ], p -> NumberOfSylow( G, p ) );
[ 5, 10, 6 ]
gap> List( [ 2, 3, 5 ], p -> NumberOfSylow( G, p ) mod p );
[ 1, 1, 1 ]
gap> IsSimpleGroup( G );
true
gap> STOP_TEST( "sylow.tst" );
