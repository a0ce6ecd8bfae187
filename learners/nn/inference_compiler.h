// Turns a NetworkSpec into the steps of inference, batch norm folded into the weights where it can be. Internal to this
// folder.
#pragma once

#include <optional>
#include <vector>

#include "learners/nn/layouts.h"
#include "learners/nn/program.h"

namespace outrider::nn {

// A convolution or fully connected layer with what is folded into it.
struct FoldedWeights {
  std::size_t layer = 0;
  std::optional<std::size_t> batch_norm;  // the layer that is folded in
  dnnl::memory::desc plain;
  dnnl::memory::desc layout;
  BufferId weights;
  BufferId bias;  // meaningful if has_bias
  bool has_bias = false;
};

// A normalisation that is computed as one: an instance norm, or a batch norm that follows no such layer.
struct LooseNorm {
  std::size_t layer = 0;
  BufferId scale;
  BufferId shift;
  BufferId mean;      // of the batch-normalised channels
  BufferId variance;  // likewise
};

struct InferenceProgram {
  Program program;
  BufferId input;
  BufferId output;
  std::vector<FoldedWeights> folded;
  std::vector<LooseNorm> loose;
};

// Call under a ThreadScope; the result is placed. Throws InputError when the spec is invalid.
InferenceProgram compile_inference(const NetworkSpec& spec, std::size_t batch);

// Writes the parameters where the program reads them. They fit the spec that was compiled. `set`: of running
// statistics, where a layer has several.
void load_inference(const NetworkSpec& spec, const Parameters& parameters, std::size_t set,
                    const InferenceProgram& compiled, const Execution& execution);

}  // namespace outrider::nn
