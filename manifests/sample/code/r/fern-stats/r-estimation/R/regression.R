# Linear regression from the QR decomposition, without lm().

least_squares <- function(X, y) {
  decomposition <- qr(X)
  if (decomposition$rank < ncol(X)) stop("the columns of X are linearly dependent")
  beta <- qr.coef(decomposition, y)
  residuals <- qr.resid(decomposition, y)
  df <- nrow(X) - ncol(X)
  sigma2 <- sum(residuals^2) / df

  # (X'X)^{-1} = R^{-1} R^{-T}
  R <- qr.R(decomposition)
  covariance <- sigma2 * chol2inv(R)
  t <- beta / sqrt(diag(covariance))
  data.frame(
    estimate = beta,
    error = sqrt(diag(covariance)),
    t = t,
    p = 2 * pt(-abs(t), df)
  )
}

X <- cbind(intercept = 1, speed = cars$speed)
print(least_squares(X, cars$dist))
stopifnot(all.equal(unname(coef(lm(dist ~ speed, cars))), least_squares(X, cars$dist)$estimate))
