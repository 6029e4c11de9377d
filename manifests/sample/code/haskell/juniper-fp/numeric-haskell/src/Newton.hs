-- | Newton's method in several variables.
module Newton (newton, converge) where

import Numeric.LinearAlgebra

-- | One step solves the linearised system J(x) h = -f(x).
step :: (Vector Double -> Vector Double) -> (Vector Double -> Matrix Double) -> Vector Double -> Vector Double
step f jacobian x = x - (jacobian x <\> f x)

-- | The sequence of iterates, lazily and without end.
newton :: (Vector Double -> Vector Double) -> (Vector Double -> Matrix Double) -> Vector Double -> [Vector Double]
newton f jacobian = iterate (step f jacobian)

-- | The first iterate that differs from its predecessor by less than the tolerance.
converge :: Double -> [Vector Double] -> Maybe (Vector Double)
converge tolerance xs =
  case [y | (x, y) <- take 50 (zip xs (tail xs)), norm_2 (y - x) < tolerance] of
    (y : _) -> Just y
    [] -> Nothing
