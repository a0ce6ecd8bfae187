// Training steps of the layers without weights that read one value.
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "learners/nn/training_builder.h"
#include "learners/random.h"

namespace outrider::nn {
namespace {

using dnnl::algorithm;

// What each value is multiplied by: 0, or 1 / (1 - rate). Every sample has its own stream.
void draw_dropout(const DropoutKey& key, std::size_t layer, float rate, std::size_t batch, std::span<float> factors) {
  const std::size_t size = factors.size() / batch;
  const float kept = 1.0F / (1.0F - rate);
#pragma omp parallel for schedule(static)
  for (std::size_t n = 0; n < batch; ++n) {
    char purpose[64];
    const auto end = fmt::format_to_n(purpose, sizeof purpose, "dropout {} {}", layer, n);
    Random random(key.seed, {purpose, end.size}, key.client, key.step);
    for (float& factor : factors.subspan(n * size, size)) factor = random.uniform() < rate ? 0.0F : kept;
  }
}

void multiply(std::span<const float> values, std::span<const float> factors, std::span<float> products) {
  assert(values.size() == factors.size() && values.size() == products.size());
#pragma omp parallel for simd schedule(static)
  for (std::size_t i = 0; i < values.size(); ++i) products[i] = values[i] * factors[i];
}

}  // namespace

ValueId TrainingBuilder::forward(const Relu&, ValueId input) {
  return activate(algorithm::eltwise_relu_use_dst_for_bwd, input);
}
ValueId TrainingBuilder::forward(const Sigmoid&, ValueId input) {
  return activate(algorithm::eltwise_logistic_use_dst_for_bwd, input);
}
ValueId TrainingBuilder::forward(const Tanh&, ValueId input) {
  return activate(algorithm::eltwise_tanh_use_dst_for_bwd, input);
}

ValueId TrainingBuilder::activate(algorithm kind, ValueId input_id) {
  const Located input = at(input_id);
  const dnnl::eltwise_forward::primitive_desc forward({kTraining, kind, input.desc, 0.0F}, user_scratchpad(),
                                                      cpu_engine());
  const Located output = transient(input.desc);
  program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
  return add_value(output, needs_gradient(input_id), [=, this](const Located& incoming) {
    contribute(input_id, activation_gradient(kind, output, incoming));
  });
}

Located TrainingBuilder::activation_gradient(algorithm kind, const Located& output, const Located& incoming) {
  const Located gradient = in_layout(program(), incoming, output.desc);
  const dnnl::eltwise_forward::primitive_desc hint({kTraining, kind, output.desc, 0.0F}, user_scratchpad(),
                                                   cpu_engine());
  const dnnl::eltwise_backward::primitive_desc backward({kind, output.desc, output.desc, 0.0F}, user_scratchpad(),
                                                        cpu_engine(), hint);
  const Located result = transient(output.desc);
  program().run(backward, {{DNNL_ARG_DST, output.desc, output.buffer},
                           {DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer},
                           {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}});
  return result;
}

ValueId TrainingBuilder::forward(const Pooling& layer, ValueId input) {
  return pool(pooling_algorithm(layer.kind), window_of(layer), input);
}

ValueId TrainingBuilder::forward(const GlobalPooling& layer, ValueId input) {
  return pool(pooling_algorithm(layer.kind), window_over(input_shape()), input);
}

ValueId TrainingBuilder::pool(algorithm kind, const Window& w, ValueId input_id) {
  const Located input = at(input_id);
  const auto attributes = user_scratchpad();
  const dnnl::pooling_forward::primitive_desc forward(
      {kTraining, kind, input.desc, any_values(batch_, output_shape()), w.strides, w.kernel, w.padding, w.padding_end},
      attributes, cpu_engine());
  const Located output = transient(forward.dst_desc());
  Uses winners;
  if (forward.workspace_desc().get_size() > 0) {
    const Located workspace = transient(forward.workspace_desc());
    winners.push_back({DNNL_ARG_WORKSPACE, workspace.desc, workspace.buffer});
  }
  Uses uses{{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}};
  uses.insert(uses.end(), winners.begin(), winners.end());
  program().run(forward, std::move(uses));
  return add_value(output, needs_gradient(input_id), [=, this](const Located& incoming) {
    const Located gradient = in_layout(program(), incoming, output.desc);
    const dnnl::pooling_backward::primitive_desc backward(
        {kind, input.desc, output.desc, w.strides, w.kernel, w.padding, w.padding_end}, attributes, cpu_engine(),
        forward);
    const Located result = transient(input.desc);
    Uses backward_uses{{DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer},
                       {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}};
    backward_uses.insert(backward_uses.end(), winners.begin(), winners.end());
    program().run(backward, std::move(backward_uses));
    contribute(input_id, result);
  });
}

ValueId TrainingBuilder::forward(const Upsampling& layer, ValueId input_id) {
  const Located input = at(input_id);
  const auto kind = layer.bilinear ? algorithm::resampling_linear : algorithm::resampling_nearest;
  const auto attributes = user_scratchpad();
  const dnnl::resampling_forward::primitive_desc forward(
      {kTraining, kind, input.desc, any_values(batch_, output_shape())}, attributes, cpu_engine());
  const Located output = transient(forward.dst_desc());
  program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
  return add_value(output, needs_gradient(input_id), [=, this](const Located& incoming) {
    const Located gradient = in_layout(program(), incoming, output.desc);
    const dnnl::resampling_backward::primitive_desc backward({kind, input.desc, output.desc}, attributes, cpu_engine(),
                                                             forward);
    const Located result = transient(input.desc);
    program().run(backward, {{DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer},
                             {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}});
    contribute(input_id, result);
  });
}

// On plain values, so that which ones drop out does not depend on oneDNN's layouts.
ValueId TrainingBuilder::forward(const Dropout& layer, ValueId input) {
  const auto plain = plain_values(batch_, input_shape());
  const Located source = in_layout(program(), at(input), plain);
  const BufferId factors = transient(plain).buffer;
  const Located output = transient(plain);
  program().run("kernel:dropout",
                [key = result_.dropout, layer_index = index_, rate = layer.rate, batch = batch_](auto buffers) {
                  draw_dropout(*key, layer_index, rate, batch, buffers[1]);
                  multiply(buffers[0], buffers[1], buffers[2]);
                },
                {source.buffer, factors, output.buffer});
  return add_value(output, needs_gradient(input), [=, this](const Located& incoming) {
    const Located gradient = in_layout(program(), incoming, plain);
    const Located result = transient(plain);
    program().run("kernel:dropout", [](auto buffers) { multiply(buffers[0], buffers[1], buffers[2]); },
                  {gradient.buffer, factors, result.buffer});
    contribute(input, result);
  });
}

ValueId TrainingBuilder::forward(const Flatten&, ValueId input) {
  const auto unflat = plain_values(batch_, input_shape());
  const auto flat = plain_values(batch_, output_shape());
  const Located output{flat, in_layout(program(), at(input), unflat).buffer};
  return add_value(output, needs_gradient(input), [=, this](const Located& incoming) {
    contribute(input, {unflat, in_layout(program(), incoming, flat).buffer});
  });
}

}  // namespace outrider::nn
