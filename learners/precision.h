// How numbers travel.
#pragma once

namespace outrider {

// 4, 2 or 1 bytes each. float32 loses nothing. float16 errs by at most 2^-11 of a component, int8 by at most 1/254 of
// the largest component of the vector.
enum class Precision { float32, float16, int8 };

}  // namespace outrider
