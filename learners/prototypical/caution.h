// How far to trust classes that nobody but one client has taught, where that client teaches many more such classes than
// anybody else: one of few measures against somebody who invents classes near real ones to take their pictures.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "learners/prototypical/class_state.h"

namespace outrider {

// Without caution so many classes may be a client's alone; or twice as many as the client that has most of such classes
// beside it; or twice as many as all classes that are not: devices keep meeting new classes, and the first to meet some
// is alone with them.
inline constexpr std::size_t kTrustedAlone = 16;
inline constexpr float kMostCaution = 2.5F;

// Sets the caution of every class by who is its sole teacher: 1 where there are several, or none is told, or the client
// has not too many; else as many times that as it has too many, at most kMostCaution. So classes of others keep
// their pictures, its own are told apart as before, and what another client confirms counts like any other class. A
// function of who has taught what alone.
void set_caution(std::vector<std::pair<std::string, ClassState>>& classes);

}  // namespace outrider
