||| The order of the natural numbers as a data type.
module Order

%default total

public export
data Below : Nat -> Nat -> Type where
  Zero : Below Z n
  Next : Below m n -> Below (S m) (S n)

export
reflexive : (n : Nat) -> Below n n
reflexive Z = Zero
reflexive (S k) = Next (reflexive k)

export
transitive : Below l m -> Below m n -> Below l n
transitive Zero _ = Zero
transitive (Next p) (Next q) = Next (transitive p q)

export
antisymmetric : Below m n -> Below n m -> m = n
antisymmetric Zero Zero = Refl
antisymmetric (Next p) (Next q) = cong S (antisymmetric p q)

||| Any two numbers can be compared.
export
linear : (m, n : Nat) -> Either (Below m n) (Below n m)
linear Z _ = Left Zero
linear (S _) Z = Right Zero
linear (S j) (S k) = case linear j k of
  Left p => Left (Next p)
  Right q => Right (Next q)
