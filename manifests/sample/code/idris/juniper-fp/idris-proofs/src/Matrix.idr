||| Matrices whose sizes are checked by the compiler.
module Matrix

import Data.Vect

%default total

public export
Matrix : Nat -> Nat -> Type -> Type
Matrix rows columns a = Vect rows (Vect columns a)

export
dot : Num a => Vect n a -> Vect n a -> a
dot xs ys = sum (zipWith (*) xs ys)

||| The inner sizes must agree, or the program does not compile.
export
multiply : Num a => {p : Nat} -> Matrix m n a -> Matrix n p a -> Matrix m p a
multiply left right = map (\row => map (dot row) (transpose right)) left

export
identity : Num a => {n : Nat} -> Matrix n n a
identity {n = Z} = []
identity {n = S k} = (1 :: replicate k 0) :: map (0 ::) identity

export
trace : Num a => {n : Nat} -> Matrix n n a -> a
trace [] = 0
trace ((x :: _) :: rest) = x + trace (map tail rest)
