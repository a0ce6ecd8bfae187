// Training steps of the layers that name values and read named ones.
#include "learners/nn/training_builder.h"

namespace outrider::nn {

using dnnl::memory;

ValueId TrainingBuilder::forward(const As& layer, ValueId input) {
  names_[layer.name] = input;
  return input;
}

ValueId TrainingBuilder::forward(const From& layer, ValueId) {
  return names_.at(layer.name);
}

// Takes a ReLU that follows along.
ValueId TrainingBuilder::forward(const Add& layer, ValueId first) {
  const ValueId second = names_.at(layer.name);
  const Located left = at(first);
  const Located right = in_layout(program(), at(second), left.desc);
  constexpr auto kRelu = dnnl::algorithm::eltwise_relu_use_dst_for_bwd;
  const bool fused = relu_follows();
  const dnnl::binary::primitive_desc forward({dnnl::algorithm::binary_add, left.desc, left.desc, left.desc},
                                             scratchpad_and_relu(fused), cpu_engine());
  const Located output = transient(left.desc);
  program().run(forward, {{DNNL_ARG_SRC_0, left.desc, left.buffer},
                          {DNNL_ARG_SRC_1, right.desc, right.buffer},
                          {DNNL_ARG_DST, output.desc, output.buffer}});
  if (fused) ++index_;
  return add_value(output, needs_gradient(first) || needs_gradient(second), [=, this](const Located& incoming) {
    const Located gradient = fused ? activation_gradient(kRelu, output, incoming) : incoming;
    contribute(first, gradient);
    contribute(second, gradient);
  });
}

ValueId TrainingBuilder::forward(const Concat& layer, ValueId first) {
  const ValueId second = names_.at(layer.name);
  const Located left = at(first);
  const Located right = at(second);
  const dnnl::concat::primitive_desc forward(1, {left.desc, right.desc}, cpu_engine(), user_scratchpad());
  const Located output = transient(forward.dst_desc());
  program().run(forward, {{DNNL_ARG_MULTIPLE_SRC, left.desc, left.buffer},
                          {DNNL_ARG_MULTIPLE_SRC + 1, right.desc, right.buffer},
                          {DNNL_ARG_DST, output.desc, output.buffer}});
  const Shape whole = output_shape();
  const Shape left_shape = input_shape();
  const Shape right_shape{whole.channels - left_shape.channels, whole.height, whole.width};
  return add_value(output, needs_gradient(first) || needs_gradient(second), [=, this](const Located& incoming) {
    contribute_channels(first, incoming, whole, left_shape, 0);
    contribute_channels(second, incoming, whole, right_shape, left_shape.channels);
  });
}

// Channels [first, first + part.channels) of a gradient are those of the value.
void TrainingBuilder::contribute_channels(ValueId id, const Located& gradient, const Shape& whole, const Shape& part,
                                          std::int64_t first) {
  if (!needs_gradient(id)) return;
  constexpr std::int64_t kLargestBlock = 16;  // of channels, in any of oneDNN's layouts
  const bool on_blocks = first % kLargestBlock == 0 && part.channels % kLargestBlock == 0;
  const Located cut = on_blocks ? gradient : in_layout(program(), gradient, plain_values(batch_, whole));
  const auto slice = cut.desc.submemory_desc({static_cast<memory::dim>(batch_), part.channels, part.height, part.width},
                                             {0, first, 0, 0});
  const Located result = transient(at(id).desc);
  program().reorder(slice, cut.buffer, result.desc, result.buffer);
  contribute(id, result);
}

}  // namespace outrider::nn
