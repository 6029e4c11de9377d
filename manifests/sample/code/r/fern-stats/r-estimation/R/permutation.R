# A permutation test for the difference of two means.

#' @param x,y numeric samples
#' @param n number of random rearrangements
#' @return the share of rearrangements that are at least as extreme
permutation_test <- function(x, y, n = 9999) {
  pooled <- c(x, y)
  observed <- abs(mean(x) - mean(y))
  differences <- replicate(n, {
    chosen <- sample(length(pooled), length(x))
    abs(mean(pooled[chosen]) - mean(pooled[-chosen]))
  })
  # The data themselves count as one arrangement, so the result is never zero.
  (1 + sum(differences >= observed - 1e-12)) / (n + 1)
}

# All arrangements, for small samples.
exact_test <- function(x, y) {
  pooled <- c(x, y)
  observed <- abs(mean(x) - mean(y))
  differences <- combn(length(pooled), length(x), function(chosen) {
    abs(mean(pooled[chosen]) - mean(pooled[-chosen]))
  })
  mean(differences >= observed - 1e-12)
}
