# Stationary distributions of finite Markov chains.

# Solve p P = p together with sum(p) = 1; the chain must be irreducible.
stationary <- function(P) {
  stopifnot(nrow(P) == ncol(P), all(P >= 0), all.equal(unname(rowSums(P)), rep(1, nrow(P))))
  n <- nrow(P)
  A <- rbind(t(P) - diag(n), rep(1, n))
  qr.solve(A, c(rep(0, n), 1))
}

# The same by letting the chain run.
simulate_chain <- function(P, steps, start = 1) {
  visits <- integer(nrow(P))
  state <- start
  for (i in seq_len(steps)) {
    state <- sample(nrow(P), 1, prob = P[state, ])
    visits[state] <- visits[state] + 1L
  }
  visits / steps
}

# The urn of Ehrenfest has a binomial stationary distribution.
ehrenfest <- function(balls) {
  P <- matrix(0, balls + 1, balls + 1)
  for (k in 0:balls) {
    if (k > 0) P[k + 1, k] <- k / balls
    if (k < balls) P[k + 1, k + 2] <- (balls - k) / balls
  }
  P
}
stopifnot(all.equal(stationary(ehrenfest(6)), dbinom(0:6, 6, 0.5)))
