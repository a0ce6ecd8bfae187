// Clients of a federation whose devices are sound and whose users lie about classes, as docs/poison.md has it.
#pragma once

#include <map>
#include <vector>

#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

// What the liars say, step by step in turn: a class flipped, a class times a million, one of 10^9 pictures at another's
// place, every class moved onto the next one with 10,000 pictures each, and many invented classes near real ones. All
// others learn as before.
class LyingCurriculum : public Curriculum {
 public:
  static constexpr std::size_t kInvented = 64;  // classes, each time

  // `honest` and `data` must outlive it; `liars` says of each client whether it lies.
  LyingCurriculum(const Curriculum& honest, const EmbeddedData& data, std::vector<bool> liars);

  Session learn(std::uint32_t client, std::size_t step, const Store& store) const override;

 private:
  struct Lie {
    std::string about;
    ClassState said;
  };
  std::vector<Lie> lies(std::uint32_t client, std::size_t step) const;
  // Of some pictures of a class.
  ClassState state(std::size_t which, std::size_t first, std::size_t count) const;

  const Curriculum& honest_;
  const EmbeddedData& data_;
  std::vector<bool> liars_;
  std::vector<std::pair<std::string, std::vector<std::size_t>>> classes_;  // those with pictures
};

}  // namespace outrider::simulations
