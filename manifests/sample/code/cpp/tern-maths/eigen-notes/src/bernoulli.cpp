// Exact Bernoulli numbers with rational arithmetic.
#include <boost/multiprecision/cpp_int.hpp>
#include <iostream>
#include <vector>

using Rational = boost::multiprecision::cpp_rational;

// The algorithm of Akiyama and Tanigawa; this convention has a positive sign in front of the half.
std::vector<Rational> bernoulli(int count) {
  std::vector<Rational> row(count), result;
  for (int m = 0; m < count; ++m) {
    row[m] = Rational(1, m + 1);
    for (int j = m; j > 0; --j) {
      row[j - 1] = j * (row[j - 1] - row[j]);
    }
    result.push_back(row[0]);
  }
  return result;
}

int main() {
  const auto numbers = bernoulli(20);
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (numbers[k] != 0) {
      std::cout << "B(" << k << ") = " << numbers[k] << '\n';
    }
  }
}
