#include "learners/encoders/embedder.h"

#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

const Encoder& checked(const Encoder& encoder) {
  encoder.check();
  return encoder;
}

}  // namespace

std::array<float, 256> pixel_values(const Preprocessing& preprocessing) {
  std::array<float, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float x = static_cast<float>(i) / 255.0F;
    values[i] = ((preprocessing.invert ? 1.0F - x : x) - preprocessing.mean) / preprocessing.deviation;
  }
  return values;
}

void preprocess(std::span<const std::uint8_t> pixels, const std::array<float, 256>& values, std::span<float> input) {
  assert(pixels.size() == input.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) input[i] = values[pixels[i]];
}

Embedder::Embedder(const Encoder& encoder, int threads)
    : input_(checked(encoder).preprocessing.input),
      values_(pixel_values(encoder.preprocessing)),
      plan_(encoder.network, encoder.parameters, threads) {}

void Embedder::embed(std::span<const std::uint8_t> pixels, std::span<float> embeddings) {
  const std::size_t size = input_.size();
  assert(pixels.size() % size == 0);
  plan_.forward(
      pixels.size() / size,
      [&](std::size_t index, std::span<float> input) {
        preprocess(pixels.subspan(index * size, size), values_, input);
      },
      embeddings);
}

std::vector<float> Embedder::embed(const Dataset& dataset) {
  if (dataset.shape != input_)
    throw InputError(fmt::format("the pictures are {}x{}x{}; the encoder takes {}x{}x{}", dataset.shape.channels,
                                 dataset.shape.height, dataset.shape.width, input_.channels, input_.height,
                                 input_.width));
  std::vector<float> embeddings(dataset.size() * dimension());
  embed(dataset.pixels, embeddings);
  return embeddings;
}

}  // namespace outrider
