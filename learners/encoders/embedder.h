// An encoder at work: pictures in, embeddings out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/plan.h"

namespace outrider {

// Embeddings depend on the picture and the encoder alone: not on the others in the call, their order or the threads,
// bit for bit on one kind of processor. Used by one thread at a time.
class Embedder {
 public:
  // `threads`: 0 means one per processor. Copies what it needs. Throws InputError unless encoder.check() passes.
  explicit Embedder(const Encoder& encoder, int threads = 0);

  std::size_t dimension() const { return plan_.output_size(); }
  const ImageShape& input() const { return input_; }

  // `pixels`: n x input().size(), planar, already of the encoder's input shape; `embeddings`: n x dimension(). Asserts
  // that the sizes fit; n may be 0. Allocates nothing.
  void embed(std::span<const std::uint8_t> pixels, std::span<float> embeddings);
  // All pictures of the data set, size() x dimension(). Throws InputError when their shape is not input().
  std::vector<float> embed(const Dataset& dataset);

 private:
  ImageShape input_;
  std::array<float, 256> values_;  // what each pixel value becomes
  nn::InferencePlan plan_;
};

// What each pixel value becomes; the same numbers for training and for embedding.
std::array<float, 256> pixel_values(const Preprocessing& preprocessing);

// Pixels to network input by pixel_values(); asserts equal sizes.
void preprocess(std::span<const std::uint8_t> pixels, const std::array<float, 256>& values, std::span<float> input);

}  // namespace outrider
