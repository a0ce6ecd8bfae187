// Small tasks for tests: pictures of two or three classes that differ in where they are bright.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/random.h"

namespace outrider {

inline constexpr ImageShape kTestPicture{1, 6, 6};

// Class c of task `number` has its own bright places, under noise.
inline Dataset test_task(std::uint64_t number, std::size_t per_class = 30, std::uint64_t part = 0) {
  Dataset data;
  data.shape = kTestPicture;
  data.classes = {"a", "b", "c"};
  Random noise(number, "noise", part);
  for (std::uint32_t label = 0; label < data.classes.size(); ++label) {
    Random place(number, "places", label);
    std::vector<int> bright(kTestPicture.size());
    for (int& pixel : bright) pixel = place.below(3) == 0 ? 150 : 20;
    for (std::size_t i = 0; i < per_class; ++i) {
      for (const int pixel : bright)
        data.pixels.push_back(static_cast<std::uint8_t>(pixel + static_cast<int>(noise.below(90))));
      data.labels.push_back(label);
    }
  }
  return data;
}

}  // namespace outrider
