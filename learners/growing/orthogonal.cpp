#include "learners/growing/orthogonal.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace outrider::growing {
namespace {

double product_of(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// A symmetric matrix that rotations make diagonal (Jacobi 1846), and the rotations' product.
struct Diagonalised {
  std::size_t n;
  std::vector<double> matrix;
  std::vector<double> vectors;  // columns

  // Makes entry (p, q) zero.
  void rotate(std::size_t p, std::size_t q) {
    const double entry = matrix[p * n + q];
    if (entry == 0) return;
    const double theta = (matrix[q * n + q] - matrix[p * n + p]) / (2 * entry);
    const double tangent = (theta < 0 ? -1.0 : 1.0) / (std::abs(theta) + std::sqrt(theta * theta + 1));
    const double cosine = 1 / std::sqrt(tangent * tangent + 1);
    const double sine = tangent * cosine;
    for (std::size_t k = 0; k < n; ++k) turn(matrix[k * n + p], matrix[k * n + q], cosine, sine);
    for (std::size_t k = 0; k < n; ++k) turn(matrix[p * n + k], matrix[q * n + k], cosine, sine);
    for (std::size_t k = 0; k < n; ++k) turn(vectors[k * n + p], vectors[k * n + q], cosine, sine);
  }

  static void turn(double& a, double& b, double cosine, double sine) {
    const double before = a;
    a = cosine * before - sine * b;
    b = sine * before + cosine * b;
  }
};

std::vector<double> gram_matrix(std::span<const double> rows, std::size_t n) {
  std::vector<double> gram(n * n);
  for (std::size_t r = 0; r < rows.size(); r += n)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) gram[i * n + j] += rows[r + i] * rows[r + j];
  return gram;
}

}  // namespace

std::vector<double> orthogonal_matrix(std::size_t n, Random& random) {
  constexpr double kNothingLeft = 1e-3;  // of a row's norm; then it is drawn again
  std::vector<double> matrix;
  while (matrix.size() < n * n) {
    std::vector<double> row(n);
    for (double& value : row) value = static_cast<double>(random.normal());
    for (int pass = 0; pass < 2; ++pass)  // the second removes what rounding left
      for (std::size_t done = 0; done < matrix.size(); done += n) {
        const auto other = std::span(matrix).subspan(done, n);
        const double along = product_of(row, other);
        for (std::size_t i = 0; i < n; ++i) row[i] -= along * other[i];
      }
    const double norm = std::sqrt(product_of(row, row));
    if (norm < kNothingLeft) continue;
    for (const double value : row) matrix.push_back(value / norm);
  }
  return matrix;
}

std::vector<double> least_direction(std::span<const double> rows, std::size_t n) {
  constexpr int kSweeps = 30;  // it converges within a few
  assert(n >= 1 && rows.size() % n == 0);
  Diagonalised found{n, gram_matrix(rows, n), std::vector<double>(n * n)};
  for (std::size_t i = 0; i < n; ++i) found.vectors[i * n + i] = 1;
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) found.rotate(p, q);
  std::size_t least = 0;
  for (std::size_t i = 1; i < n; ++i)
    if (found.matrix[i * n + i] < found.matrix[least * n + least]) least = i;
  std::vector<double> direction;
  for (std::size_t i = 0; i < n; ++i) direction.push_back(found.vectors[i * n + least]);
  const auto largest = std::ranges::max_element(direction, {}, [](double value) { return std::abs(value); });
  if (*largest < 0)
    for (double& value : direction) value = -value;
  return direction;
}

}  // namespace outrider::growing
