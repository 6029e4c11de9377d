# The EM algorithm for a mixture of two normal distributions.

em_step <- function(x, p) {
  first <- p$weight * dnorm(x, p$mean[1], p$sd[1])
  second <- (1 - p$weight) * dnorm(x, p$mean[2], p$sd[2])
  r <- first / (first + second)

  centre <- c(weighted.mean(x, r), weighted.mean(x, 1 - r))
  spread <- c(weighted.mean((x - centre[1])^2, r), weighted.mean((x - centre[2])^2, 1 - r))
  list(weight = mean(r), mean = centre, sd = sqrt(spread), loglik = sum(log(first + second)))
}

# The likelihood never decreases, so its growth tells when to stop.
fit_mixture <- function(x, tolerance = 1e-8, limit = 500) {
  p <- list(weight = 0.5, mean = unname(quantile(x, c(0.25, 0.75))), sd = rep(sd(x), 2), loglik = -Inf)
  for (i in seq_len(limit)) {
    q <- em_step(x, p)
    if (q$loglik - p$loglik < tolerance) break
    p <- q
  }
  q
}

set.seed(1)
x <- c(rnorm(300, mean = -2), rnorm(700, mean = 1, sd = 0.5))
str(fit_mixture(x))
