// Training steps of the normalisations.
#include <utility>

#include "learners/nn/normalization_kernel.h"
#include "learners/nn/training_builder.h"

namespace outrider::nn {

using dnnl::prop_kind;
using Flags = dnnl::normalization_flags;

ValueId TrainingBuilder::forward(const BatchNorm& layer, ValueId input_id) {
  const Located input = at(input_id);
  const bool fused = relu_follows();
  auto flags = Flags::none;
  if (layer.affine) flags = flags | Flags::use_scale | Flags::use_shift;
  if (fused) flags = flags | Flags::fuse_norm_relu;
  if (statistics_ == StatisticsSource::kRunning) flags = flags | Flags::use_global_stats;
  const auto attributes = user_scratchpad();
  const dnnl::batch_normalization_forward::primitive_desc forward(
      {prop_kind::forward_training, input.desc, layer.epsilon, flags}, attributes, cpu_engine());

  const auto channel_desc = plain_vector(input_shape().channels);
  std::vector<ParameterPlace> own;
  for (const TensorSpec& tensor : tensors()) {
    const auto desc = plain_vector(static_cast<std::int64_t>(tensor.size()));
    own.push_back(parameter(tensor, desc, desc));
  }
  const Located mean = staging(channel_desc);
  const Located variance = staging(channel_desc);
  result_.statistics.push_back({index_, layer.momentum,
                                batch_ * static_cast<std::size_t>(input_shape().height * input_shape().width),
                                static_cast<std::size_t>(input_shape().channels), static_cast<std::size_t>(layer.sets),
                                0, mean.buffer, variance.buffer, own[own.size() - 2].value, own.back().value});

  const Located output = transient(forward.dst_desc());
  Uses shared{{DNNL_ARG_SRC, input.desc, input.buffer},
              {DNNL_ARG_MEAN, mean.desc, mean.buffer},
              {DNNL_ARG_VARIANCE, variance.desc, variance.buffer}};
  if (layer.affine) {
    shared.push_back({DNNL_ARG_SCALE, channel_desc, own[0].value});
    shared.push_back({DNNL_ARG_SHIFT, channel_desc, own[1].value});  // backward wants it as well, or it throws
  }
  if (fused) {
    const Located signs = transient(forward.workspace_desc());
    shared.push_back({DNNL_ARG_WORKSPACE, signs.desc, signs.buffer});
    ++index_;
  }
  auto uses = shared;
  uses.push_back({DNNL_ARG_DST, output.desc, output.buffer});
  program().run(forward, std::move(uses));

  const bool affine = layer.affine;
  const float epsilon = layer.epsilon;
  return add_value(output, needs_gradient(input_id) || affine, [=, this](const Located& incoming) {
    const Located gradient = in_layout(program(), incoming, input.desc);
    const dnnl::batch_normalization_backward::primitive_desc backward(
        {affine ? prop_kind::backward : prop_kind::backward_data, input.desc, input.desc, epsilon, flags}, attributes,
        cpu_engine(), forward);
    const Located result = transient(input.desc);
    auto backward_uses = shared;
    backward_uses.push_back({DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer});
    backward_uses.push_back({DNNL_ARG_DIFF_SRC, result.desc, result.buffer});
    if (affine) {
      backward_uses.push_back({DNNL_ARG_DIFF_SCALE, channel_desc, own[0].gradient});
      backward_uses.push_back({DNNL_ARG_DIFF_SHIFT, channel_desc, own[1].gradient});
    }
    program().run(backward, std::move(backward_uses));
    contribute(input_id, result);
  });
}

ValueId TrainingBuilder::forward(const InstanceNorm& layer, ValueId input) {
  return normalize(static_cast<std::size_t>(input_shape().channels), layer.epsilon, 0, layer.affine, input);
}

ValueId TrainingBuilder::forward(const InstanceBatchNorm& layer, ValueId input) {
  return normalize(static_cast<std::size_t>(layer.instance_channels), layer.epsilon, layer.momentum, true, input);
}

// By kernels of our own, on plain values: oneDNN 2.6 has no instance norm.
ValueId TrainingBuilder::normalize(std::size_t instance_channels, float epsilon, float momentum, bool affine,
                                   ValueId input) {
  const auto channels = static_cast<std::size_t>(input_shape().channels);
  const auto plane = static_cast<std::size_t>(input_shape().height * input_shape().width);
  const NormalizationShape shape{
      batch_, channels, plane, instance_channels, epsilon, statistics_ == StatisticsSource::kRunning};
  const auto plain = plain_values(batch_, input_shape());
  std::vector<ParameterPlace> own;
  for (const TensorSpec& tensor : tensors()) {
    const auto desc = plain_vector(static_cast<std::int64_t>(tensor.size()));
    own.push_back(parameter(tensor, desc, desc));
  }
  const auto statistics = plain_vector(static_cast<std::int64_t>(shape.statistics()));
  const BufferId mean = staging(statistics).buffer;
  const BufferId variance = staging(statistics).buffer;
  if (instance_channels < channels)
    result_.statistics.push_back({index_, momentum, batch_ * plane, channels - instance_channels, 1,
                                  shape.shared_offset(), mean, variance, own[2].value, own[3].value});

  const Located source = in_layout(program(), at(input), plain);
  const Located output = transient(plain);
  std::vector<BufferId> buffers{source.buffer, mean, variance, output.buffer};
  if (affine) buffers.insert(buffers.end(), {own[0].value, own[1].value});
  program().run(
      "kernel:normalize",
      [shape, affine](auto b) {
        normalize_forward(shape, {b[0], affine ? b[4] : std::span<float>(), affine ? b[5] : std::span<float>()},
                          {b[1], b[2]}, b[3]);
      },
      buffers);

  return add_value(output, needs_gradient(input) || affine, [=, this](const Located& incoming) {
    const Located gradient = in_layout(program(), incoming, plain);
    const Located result = transient(plain);
    std::vector<BufferId> backward_buffers{source.buffer, mean, variance, gradient.buffer, result.buffer};
    if (affine) backward_buffers.insert(backward_buffers.end(), {own[0].value, own[0].gradient, own[1].gradient});
    program().run(
        "kernel:normalize",
        [shape, affine](auto b) {
          const std::span<float> none;
          normalize_backward(shape, {b[0], affine ? b[5] : none, none}, {b[1], b[2]}, b[3],
                             {b[4], affine ? b[6] : none, affine ? b[7] : none});
        },
        backward_buffers);
    contribute(input, result);
  });
}

}  // namespace outrider::nn
