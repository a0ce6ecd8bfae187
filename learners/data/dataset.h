// Labelled pictures in memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace outrider {

struct ImageShape {
  int channels = 1;
  int height = 0;
  int width = 0;

  bool operator==(const ImageShape&) const = default;
  std::size_t size() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

// size() pictures of one shape, planar (channel, row, column), 8 bits a value. A label indexes `classes`.
struct Dataset {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;   // size() x shape.size()
  std::vector<std::uint32_t> labels;  // size()
  std::vector<std::string> classes;   // names; unique
  std::vector<std::uint32_t> groups;  // who made each picture (drawer, speaker), indexes group_names; empty: unknown
  std::vector<std::string> group_names;

  bool operator==(const Dataset&) const = default;
  std::size_t size() const { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t index) const {
    return std::span(pixels).subspan(index * shape.size(), shape.size());
  }
};

// Which part of a published data set: its pictures to learn from or those held back to judge.
enum class Part { train, test };

}  // namespace outrider
