module Main (main) where

import System.Environment (getArgs)
import qualified Data.Map as Map

main :: IO ()
main = do
  names <- getArgs
  let counted = Map.fromListWith (+) [(name, 1 :: Int) | name <- names]
  mapM_ (\(name, count) -> putStrLn (name ++ ": " ++ show count)) (Map.toList counted)
