// The method of conjugate gradients for symmetric positive definite systems.
#include <Eigen/Sparse>
#include <cmath>
#include <iostream>

using Matrix = Eigen::SparseMatrix<double>;
using Vector = Eigen::VectorXd;

// The negative second difference on n inner points of the unit interval.
Matrix laplacian(int n) {
  Matrix a(n, n);
  for (int i = 0; i < n; ++i) {
    a.insert(i, i) = 2.0;
    if (i > 0) a.insert(i, i - 1) = -1.0;
    if (i + 1 < n) a.insert(i, i + 1) = -1.0;
  }
  return a * std::pow(n + 1.0, 2);
}

// In exact arithmetic the residuals are orthogonal, so at most n steps are needed.
Vector solve(const Matrix& a, const Vector& b, double tolerance) {
  Vector x = Vector::Zero(b.size()), residual = b, direction = b;
  double squared = residual.squaredNorm();
  const double goal = tolerance * tolerance * squared;
  while (squared > goal) {
    const Vector image = a * direction;
    const double step = squared / direction.dot(image);
    x += step * direction;
    residual -= step * image;
    const double next = residual.squaredNorm();
    direction = residual + (next / squared) * direction;
    squared = next;
  }
  return x;
}

int main() {
  const int n = 99;
  const Vector u = solve(laplacian(n), Vector::Ones(n), 1e-10);
  // The solution of -u'' = 1 with zero boundary values is x(1 - x)/2.
  std::cout << "u(1/2) = " << u[n / 2] << ", expected " << 0.125 << '\n';
}
