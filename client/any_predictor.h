// What a client's state can tell of a picture, whichever family of learners it belongs to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "learners/data/image.h"

namespace outrider::client {

struct RankedClass {
  std::string name;
  double score = 0;  // a distance or a probability: see AnyPredictor::measure()
};

struct Ranking {
  bool is_unlike_all() const { return strangeness && *strangeness > 1; }

  std::vector<RankedClass> classes;     // all that are known, the likeliest first
  std::optional<double> strangeness{};  // above 1 the picture is unlike all classes; nothing: that cannot be told
  std::string task{};                   // that the picture was taken to belong to; empty where there are no tasks
};

// A snapshot of a state, which may go on changing. Used by one thread at a time.
class AnyPredictor {
 public:
  virtual ~AnyPredictor() = default;

  // A picture of any size.
  virtual Ranking rank(const Image& picture) = 0;
  // What the scores are: "distance", less of which is better, or "probability".
  virtual std::string_view measure() const = 0;
};

}  // namespace outrider::client
