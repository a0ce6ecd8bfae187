#include "learners/surgery/assignment.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace outrider::surgery {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

// Rows are assigned one after the other, each along the path of smallest reduced cost (Dijkstra) to a free column.
// Potentials u of rows and v of columns keep cost - u - v at 0 or above, and at 0 where assigned.
class Assignment {
 public:
  Assignment(std::span<const double> costs, std::size_t n)
      : costs_(costs), n_(n), row_potential_(n), column_potential_(n), row_of_(n, kNone) {}

  void assign(std::size_t row) {
    distance_.assign(n_, std::numeric_limits<double>::infinity());
    before_.assign(n_, kNone);
    done_.assign(n_, false);
    std::vector<std::size_t> path;  // columns whose distance is final
    std::size_t from = row;
    std::size_t column = kNone;
    double reached = 0;
    while (from != kNone) {
      column = advance(from, column, reached);
      reached = distance_[column];
      done_[column] = true;
      from = row_of_[column];
      if (from != kNone) path.push_back(column);
    }
    row_potential_[row] += reached;
    for (const std::size_t each : path) {
      row_potential_[row_of_[each]] += reached - distance_[each];
      column_potential_[each] -= reached - distance_[each];
    }
    flip(row, column);
  }

  std::vector<std::uint32_t> columns() const {
    std::vector<std::uint32_t> columns(n_);
    for (std::size_t column = 0; column < n_; ++column) columns[row_of_[column]] = static_cast<std::uint32_t>(column);
    return columns;
  }

 private:
  // Shortens distances by way of `from`, reached over `column`; returns the nearest column that is not final.
  std::size_t advance(std::size_t from, std::size_t column, double reached) {
    std::size_t nearest = kNone;
    for (std::size_t j = 0; j < n_; ++j) {
      if (done_[j]) continue;
      const double way = reached + costs_[from * n_ + j] - row_potential_[from] - column_potential_[j];
      if (way < distance_[j]) {
        distance_[j] = way;
        before_[j] = column;
      }
      if (nearest == kNone || distance_[j] < distance_[nearest]) nearest = j;
    }
    return nearest;
  }

  // Along the path every column takes the row of the column before it.
  void flip(std::size_t row, std::size_t column) {
    for (; before_[column] != kNone; column = before_[column]) row_of_[column] = row_of_[before_[column]];
    row_of_[column] = row;
  }

  std::span<const double> costs_;
  std::size_t n_;
  std::vector<double> row_potential_;
  std::vector<double> column_potential_;
  std::vector<std::size_t> row_of_;  // of each column
  std::vector<double> distance_;     // of each column from the row at hand
  std::vector<std::size_t> before_;  // the column before each on its path; kNone: the row itself
  std::vector<bool> done_;
};

}  // namespace

std::vector<std::uint32_t> minimum_assignment(std::span<const double> costs, std::size_t n) {
  assert(costs.size() == n * n);
  assert(std::ranges::all_of(costs, [](double cost) { return std::isfinite(cost); }));
  Assignment assignment(costs, n);
  for (std::size_t row = 0; row < n; ++row) assignment.assign(row);
  return assignment.columns();
}

}  // namespace outrider::surgery
