||| Reversing a list twice gives the list back.
module Reverse

%default total

rev : List a -> List a
rev [] = []
rev (x :: xs) = rev xs ++ [x]

appendNil : (xs : List a) -> xs ++ [] = xs
appendNil [] = Refl
appendNil (x :: xs) = cong (x ::) (appendNil xs)

appendAssoc : (xs, ys, zs : List a) -> xs ++ (ys ++ zs) = (xs ++ ys) ++ zs
appendAssoc [] ys zs = Refl
appendAssoc (x :: xs) ys zs = cong (x ::) (appendAssoc xs ys zs)

revAppend : (xs, ys : List a) -> rev (xs ++ ys) = rev ys ++ rev xs
revAppend [] ys = sym (appendNil (rev ys))
revAppend (x :: xs) ys =
  rewrite revAppend xs ys in sym (appendAssoc (rev ys) (rev xs) [x])

export
revRev : (xs : List a) -> rev (rev xs) = xs
revRev [] = Refl
revRev (x :: xs) =
  rewrite revAppend (rev xs) [x] in cong (x ::) (revRev xs)
