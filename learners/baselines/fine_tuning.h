// A network with a linear head that is fine-tuned on whatever it is given, and so forgets what came before.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/plan.h"

namespace outrider::baselines {

// Pictures as the network reads them, with the number of their output.
struct Examples {
  std::vector<float> inputs;  // n x input size
  std::vector<std::uint32_t> outputs;

  std::size_t size() const { return outputs.size(); }
  // Those pictures of the pool, all of one output.
  void append(const Dataset& pool, const std::vector<std::size_t>& pictures, std::uint32_t output,
              const Preprocessing& preprocessing);
};

struct HeadTuning {
  std::size_t epochs = 1;
  std::size_t batch = 32;
  float rate = 0.01F;  // of plain SGD
  std::uint64_t seed = 0;
  int threads = 0;  // part of the result
};

class FineTunedHead {
 public:
  // The encoder below a new head of so many outputs. `poll` is called before every step; what it throws ends training.
  FineTunedHead(const Encoder& encoder, std::size_t outputs, const HeadTuning& options, std::function<void()> poll);

  const Preprocessing& preprocessing() const { return preprocessing_; }
  // On at least one example, in an order that the seed and `step` draw. Throws InputError when training diverges.
  void train(const Examples& examples, std::size_t step);
  std::size_t correct(const Examples& tests) const;

 private:
  HeadTuning options_;
  Preprocessing preprocessing_;
  nn::TrainingPlan plan_;
  std::function<void()> poll_;
};

}  // namespace outrider::baselines
