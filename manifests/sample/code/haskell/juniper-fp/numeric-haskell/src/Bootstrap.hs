-- | Confidence intervals without formulas.
module Bootstrap (percentileInterval) where

import Data.List (sort)
import Statistics.Sample (mean)
import qualified Data.Vector.Unboxed as V

-- | The means of resampled data; each list of indices is one resample.
means :: V.Vector Double -> [[Int]] -> [Double]
means xs picks = [mean (V.fromList (map (xs V.!) pick)) | pick <- picks]

-- | The central interval that holds the given share of the resampled means.
percentileInterval :: Double -> V.Vector Double -> [[Int]] -> (Double, Double)
percentileInterval level xs picks = (at tailShare, at (1 - tailShare))
  where
    sorted = V.fromList (sort (means xs picks))
    tailShare = (1 - level) / 2
    at q = sorted V.! min (V.length sorted - 1) (floor (q * fromIntegral (V.length sorted)))
