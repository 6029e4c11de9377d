-- | The fast Fourier transform, as short as it can be said.
module Fourier (fft, inverse, convolve) where

import Data.Complex

-- | The length must be a power of two.
fft :: [Complex Double] -> [Complex Double]
fft [x] = [x]
fft xs = zipWith (+) evens twisted ++ zipWith (-) evens twisted
  where
    (es, os) = deal xs
    evens = fft es
    n = fromIntegral (length xs)
    twisted = zipWith (*) [cis (-2 * pi * k / n) | k <- [0 ..]] (fft os)

deal :: [a] -> ([a], [a])
deal (x : y : rest) = (x : xs, y : ys) where (xs, ys) = deal rest
deal rest = (rest, [])

-- | Conjugate, transform, conjugate, divide by the length.
inverse :: [Complex Double] -> [Complex Double]
inverse xs = map ((/ n) . conjugate) (fft (map conjugate xs))
  where n = fromIntegral (length xs)

-- | Cyclic convolution: transforms turn it into a product of numbers.
convolve :: [Complex Double] -> [Complex Double] -> [Complex Double]
convolve xs ys = inverse (zipWith (*) (fft xs) (fft ys))
