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
  std::size_t layer;
  std::optional<std::size_t> batch_norm;  // the layer that is folded in
  dnnl::memory::desc plain;
  dnnl::memory::desc layout;
  BufferId weights;
  BufferId bias;  // meaningful if has_bias
  bool has_bias;
};

// A batch norm that follows no such layer and is computed as one.
struct LooseBatchNorm {
  std::size_t layer;
  BufferId scale;
  BufferId shift;
  BufferId mean;
  BufferId variance;
};

struct InferenceProgram {
  Program program;
  BufferId input;
  BufferId output;
  std::vector<FoldedWeights> folded;
  std::vector<LooseBatchNorm> loose;
};

// Call under a ThreadScope; the result is placed. Throws InputError when the spec is invalid.
InferenceProgram compile_inference(const NetworkSpec& spec, std::size_t batch);

// Writes the parameters where the program reads them. They fit the spec that was compiled.
void load_inference(const NetworkSpec& spec, const Parameters& parameters, const InferenceProgram& compiled,
                    const Execution& execution);

}  // namespace outrider::nn
