// Fitting a polynomial to points: minimise |Vc - y| for the Vandermonde matrix V.
#pragma once
#include <Eigen/Dense>

inline Eigen::MatrixXd vandermonde(const Eigen::VectorXd& x, int degree) {
  Eigen::MatrixXd v(x.size(), degree + 1);
  v.col(0).setOnes();
  for (int j = 1; j <= degree; ++j) {
    v.col(j) = v.col(j - 1).cwiseProduct(x);
  }
  return v;
}

/// Coefficients, lowest power first. The orthogonal factorisation keeps the condition number
/// of V, where the normal equations would square it.
inline Eigen::VectorXd fit(const Eigen::VectorXd& x, const Eigen::VectorXd& y, int degree) {
  return vandermonde(x, degree).colPivHouseholderQr().solve(y);
}

/// Horner's scheme.
inline double evaluate(const Eigen::VectorXd& coefficients, double x) {
  double value = 0.0;
  for (Eigen::Index k = coefficients.size(); k-- > 0;) {
    value = value * x + coefficients[k];
  }
  return value;
}
