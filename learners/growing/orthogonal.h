// Small orthogonal matrices and directions: how coefficients of templates begin. In double precision with sums in a
// fixed order: the same bits on every machine.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "learners/random.h"

namespace outrider::growing {

// n x n, rows of norm 1 and orthogonal to each other, distributed alike in all directions: normal rows after
// Gram-Schmidt.
std::vector<double> orthogonal_matrix(std::size_t n, Random& random);

// The last right-singular vector of the stacked rows, m x n: the direction of norm 1 in which they have the least;
// orthogonal to all of them where they leave a direction out. Its component of largest magnitude is positive.
// Asserts that there is a whole number of rows and n >= 1; there may be none.
std::vector<double> least_direction(std::span<const double> rows, std::size_t n);

}  // namespace outrider::growing
