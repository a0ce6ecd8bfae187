#include "learners/nn/training_compiler.h"

#include <utility>

namespace outrider::nn {
namespace {

using dnnl::memory;
using dnnl::prop_kind;

// Appends the backward steps of a layer: takes the gradient of its output, returns the gradient of its input, or
// nothing if nobody before the layer needs it.
using Backward = std::function<std::optional<Located>(const Located&)>;

class Compiler {
 public:
  Compiler(const NetworkSpec& spec, std::size_t batch) : spec_(spec), shapes_(spec.shapes()), batch_(batch) {}

  TrainingProgram compile() &&;

 private:
  Program& program() { return result_.program; }
  Located staging(const memory::desc& desc) { return {desc, program().buffer(desc, Lifetime::kStaging)}; }
  Located transient(const memory::desc& desc) { return {desc, program().buffer(desc, Lifetime::kTransient)}; }
  std::vector<TensorSpec> tensors() const { return layer_tensors(index_, spec_.layers[index_], input_shape()); }
  const Shape& input_shape() const { return shapes_[index_]; }
  const Shape& output_shape() const { return shapes_[index_ + 1]; }
  bool relu_follows() const {
    return index_ + 1 < spec_.layers.size() && std::holds_alternative<Relu>(spec_.layers[index_ + 1]);
  }

  ParameterPlace parameter(const TensorSpec& spec, const memory::desc& plain, const memory::desc& layout);
  void write_gradient(const ParameterPlace& place, const dnnl::primitive_desc& primitive, std::vector<Use> uses,
                      const memory::desc& computed);

  Located forward(const Convolution& layer, const Located& input);
  Located forward(const FullyConnected& layer, const Located& input);
  Located forward(const BatchNorm& layer, const Located& input);
  Located forward(const Relu& layer, const Located& input);
  Located forward(const Pooling& layer, const Located& input);
  Located forward(const GlobalAveragePooling& layer, const Located& input);
  Located forward(const Flatten& layer, const Located& input);
  Located pool(dnnl::algorithm algorithm, const Window& window, const Located& input);

  const NetworkSpec& spec_;
  std::vector<Shape> shapes_;
  std::size_t batch_;
  std::size_t index_ = 0;        // the layer at hand
  bool needs_gradient_ = false;  // whether a layer before the one at hand has parameters
  std::vector<Backward> backwards_;
  TrainingProgram result_;
};

ParameterPlace Compiler::parameter(const TensorSpec& spec, const memory::desc& plain, const memory::desc& layout) {
  ParameterPlace place{spec, plain, layout, program().buffer(layout, Lifetime::kPersistent), {}};
  if (spec.trainable()) place.gradient = program().buffer(layout, Lifetime::kPersistent);
  result_.parameters.push_back(place);
  return place;
}

// Runs a weight-gradient primitive so that the gradient ends in the layout of the weights.
void Compiler::write_gradient(const ParameterPlace& place, const dnnl::primitive_desc& primitive, std::vector<Use> uses,
                              const memory::desc& computed) {
  const bool direct = computed == place.layout;
  const Located target = direct ? Located{computed, place.gradient} : transient(computed);
  uses.push_back({DNNL_ARG_DIFF_WEIGHTS, target.desc, target.buffer});
  program().run(primitive, std::move(uses));
  if (!direct) program().reorder(target.desc, target.buffer, place.layout, place.gradient);
}

Located Compiler::forward(const Convolution& layer, const Located& input) {
  const auto own = tensors();
  const auto w = window_of(layer);
  const auto any_input = any_values(batch_, input_shape());
  const auto any_output = any_values(batch_, output_shape());
  const auto any_weight = any_weights(own[0], layer.groups);
  const auto bias_desc = layer.bias ? plain_vector(layer.channels) : memory::desc();
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
  const auto attributes = user_scratchpad();
  const dnnl::convolution_forward::primitive_desc forward(
      {prop_kind::forward_training, kDirect, any_input, any_weight, bias_desc, any_output, w.strides, w.dilates,
       w.padding, w.padding},
      attributes, cpu_engine());

  const auto weights = parameter(own[0], plain_weights(own[0], layer.groups), forward.weights_desc());
  std::optional<ParameterPlace> bias;
  if (layer.bias) bias = parameter(own[1], bias_desc, bias_desc);

  const Located source = in_layout(program(), input, forward.src_desc());
  const Located output = transient(forward.dst_desc());
  std::vector<Use> uses{{DNNL_ARG_SRC, source.desc, source.buffer},
                        {DNNL_ARG_WEIGHTS, weights.layout, weights.value},
                        {DNNL_ARG_DST, output.desc, output.buffer}};
  if (bias) uses.push_back({DNNL_ARG_BIAS, bias_desc, bias->value});
  program().run(forward, std::move(uses));

  backwards_.push_back([=, this, needed = needs_gradient_](const Located& gradient) -> std::optional<Located> {
    const dnnl::convolution_backward_weights::primitive_desc to_weights(
        {kDirect, any_input, any_weight, bias_desc, any_output, w.strides, w.dilates, w.padding, w.padding}, attributes,
        cpu_engine(), forward);
    const Located values = in_layout(program(), source, to_weights.src_desc());
    const Located slope = in_layout(program(), gradient, to_weights.diff_dst_desc());
    std::vector<Use> gradient_uses{{DNNL_ARG_SRC, values.desc, values.buffer},
                                   {DNNL_ARG_DIFF_DST, slope.desc, slope.buffer}};
    if (bias) gradient_uses.push_back({DNNL_ARG_DIFF_BIAS, bias_desc, bias->gradient});
    write_gradient(weights, to_weights, std::move(gradient_uses), to_weights.diff_weights_desc());
    if (!needed) return std::nullopt;

    const dnnl::convolution_backward_data::primitive_desc to_data(
        {kDirect, any_input, any_weight, any_output, w.strides, w.dilates, w.padding, w.padding}, attributes,
        cpu_engine(), forward);
    const Located kernel = in_layout(program(), {weights.layout, weights.value}, to_data.weights_desc());
    const Located data_slope = in_layout(program(), gradient, to_data.diff_dst_desc());
    const Located result = transient(to_data.diff_src_desc());
    program().run(to_data, {{DNNL_ARG_DIFF_DST, data_slope.desc, data_slope.buffer},
                            {DNNL_ARG_WEIGHTS, kernel.desc, kernel.buffer},
                            {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}});
    return result;
  });
  needs_gradient_ = true;
  return output;
}

Located Compiler::forward(const FullyConnected& layer, const Located& input) {
  const auto own = tensors();
  const auto source_desc = plain_matrix(batch_, input_shape());
  const auto output_desc = plain_matrix(batch_, output_shape());
  const auto any_weight = any_weights(own[0], 1);
  const auto bias_desc = layer.bias ? plain_vector(layer.channels) : memory::desc();
  const auto attributes = user_scratchpad();
  const dnnl::inner_product_forward::primitive_desc forward(
      {prop_kind::forward_training, source_desc, any_weight, bias_desc, output_desc}, attributes, cpu_engine());

  const auto weights = parameter(own[0], plain_weights(own[0], 1), forward.weights_desc());
  std::optional<ParameterPlace> bias;
  if (layer.bias) bias = parameter(own[1], bias_desc, bias_desc);

  const BufferId source = in_layout(program(), input, plain_values(batch_, input_shape())).buffer;
  const Located output = transient(plain_values(batch_, output_shape()));
  std::vector<Use> uses{{DNNL_ARG_SRC, source_desc, source},
                        {DNNL_ARG_WEIGHTS, weights.layout, weights.value},
                        {DNNL_ARG_DST, output_desc, output.buffer}};
  if (bias) uses.push_back({DNNL_ARG_BIAS, bias_desc, bias->value});
  program().run(forward, std::move(uses));

  const auto plain_input = plain_values(batch_, input_shape());
  backwards_.push_back([=, this, needed = needs_gradient_](const Located& incoming) -> std::optional<Located> {
    const BufferId gradient = in_layout(program(), incoming, output.desc).buffer;
    const dnnl::inner_product_backward_weights::primitive_desc to_weights(
        {source_desc, any_weight, bias_desc, output_desc}, attributes, cpu_engine(), forward);
    std::vector<Use> gradient_uses{{DNNL_ARG_SRC, source_desc, source}, {DNNL_ARG_DIFF_DST, output_desc, gradient}};
    if (bias) gradient_uses.push_back({DNNL_ARG_DIFF_BIAS, bias_desc, bias->gradient});
    write_gradient(weights, to_weights, std::move(gradient_uses), to_weights.diff_weights_desc());
    if (!needed) return std::nullopt;

    const dnnl::inner_product_backward_data::primitive_desc to_data({source_desc, any_weight, output_desc}, attributes,
                                                                    cpu_engine(), forward);
    const Located matrix = in_layout(program(), {weights.layout, weights.value}, to_data.weights_desc());
    const Located result = transient(plain_input);
    program().run(to_data, {{DNNL_ARG_DIFF_DST, output_desc, gradient},
                            {DNNL_ARG_WEIGHTS, matrix.desc, matrix.buffer},
                            {DNNL_ARG_DIFF_SRC, source_desc, result.buffer}});
    return result;
  });
  needs_gradient_ = true;
  return output;
}

Located Compiler::forward(const BatchNorm& layer, const Located& input) {
  using Flags = dnnl::normalization_flags;
  const bool fused = relu_follows();
  auto flags = Flags::none;
  if (layer.affine) flags = flags | Flags::use_scale | Flags::use_shift;
  if (fused) flags = flags | Flags::fuse_norm_relu;
  const auto attributes = user_scratchpad();
  const dnnl::batch_normalization_forward::primitive_desc forward(
      {prop_kind::forward_training, input.desc, layer.epsilon, flags}, attributes, cpu_engine());

  const auto channel_desc = plain_vector(input_shape().channels);
  std::vector<ParameterPlace> own;
  for (const TensorSpec& tensor : tensors()) own.push_back(parameter(tensor, channel_desc, channel_desc));
  const Located mean = staging(channel_desc);
  const Located variance = staging(channel_desc);
  result_.statistics.push_back({index_, layer.momentum,
                                batch_ * static_cast<std::size_t>(input_shape().height * input_shape().width),
                                mean.buffer, variance.buffer, own[own.size() - 2].value, own.back().value});

  const Located output = transient(forward.dst_desc());
  std::vector<Use> shared{{DNNL_ARG_SRC, input.desc, input.buffer},
                          {DNNL_ARG_MEAN, mean.desc, mean.buffer},
                          {DNNL_ARG_VARIANCE, variance.desc, variance.buffer}};
  if (layer.affine) {
    shared.push_back({DNNL_ARG_SCALE, channel_desc, own[0].value});
    shared.push_back({DNNL_ARG_SHIFT, channel_desc, own[1].value});  // backward wants it as well, or it throws
  }
  if (fused) {
    const Located signs = transient(forward.workspace_desc());
    shared.push_back({DNNL_ARG_WORKSPACE, signs.desc, signs.buffer});
  }
  auto uses = shared;
  uses.push_back({DNNL_ARG_DST, output.desc, output.buffer});
  program().run(forward, std::move(uses));

  const bool affine = layer.affine;
  const float epsilon = layer.epsilon;
  const memory::desc data_desc = input.desc;
  backwards_.push_back([=, this](const Located& incoming) -> std::optional<Located> {
    const Located gradient = in_layout(program(), incoming, data_desc);
    const dnnl::batch_normalization_backward::primitive_desc backward(
        {affine ? prop_kind::backward : prop_kind::backward_data, data_desc, data_desc, epsilon, flags}, attributes,
        cpu_engine(), forward);
    const Located result = transient(data_desc);
    auto backward_uses = shared;
    backward_uses.push_back({DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer});
    backward_uses.push_back({DNNL_ARG_DIFF_SRC, result.desc, result.buffer});
    if (affine) {
      backward_uses.push_back({DNNL_ARG_DIFF_SCALE, channel_desc, own[0].gradient});
      backward_uses.push_back({DNNL_ARG_DIFF_SHIFT, channel_desc, own[1].gradient});
    }
    program().run(backward, std::move(backward_uses));
    return result;
  });
  needs_gradient_ = needs_gradient_ || layer.affine;
  if (fused) ++index_;
  return output;
}

Located Compiler::forward(const Relu&, const Located& input) {
  constexpr auto kRelu = dnnl::algorithm::eltwise_relu;
  const auto attributes = user_scratchpad();
  const dnnl::eltwise_forward::primitive_desc forward({prop_kind::forward_training, kRelu, input.desc, 0.0F},
                                                      attributes, cpu_engine());
  const Located output = transient(input.desc);
  program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
  backwards_.push_back([=, this](const Located& incoming) -> std::optional<Located> {
    const Located gradient = in_layout(program(), incoming, input.desc);
    const dnnl::eltwise_backward::primitive_desc backward({kRelu, input.desc, input.desc, 0.0F}, attributes,
                                                          cpu_engine(), forward);
    const Located result = transient(input.desc);
    program().run(backward, {{DNNL_ARG_SRC, input.desc, input.buffer},
                             {DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer},
                             {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}});
    return result;
  });
  return output;
}

Located Compiler::pool(dnnl::algorithm algorithm, const Window& w, const Located& input) {
  const auto attributes = user_scratchpad();
  const dnnl::pooling_forward::primitive_desc forward(
      {prop_kind::forward_training, algorithm, input.desc, any_values(batch_, output_shape()), w.strides, w.kernel,
       w.padding, w.padding},
      attributes, cpu_engine());
  const Located output = transient(forward.dst_desc());
  std::vector<Use> winners;
  if (forward.workspace_desc().get_size() > 0) {
    const Located workspace = transient(forward.workspace_desc());
    winners.push_back({DNNL_ARG_WORKSPACE, workspace.desc, workspace.buffer});
  }
  std::vector<Use> uses{{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}};
  uses.insert(uses.end(), winners.begin(), winners.end());
  program().run(forward, std::move(uses));
  backwards_.push_back([=, this](const Located& incoming) -> std::optional<Located> {
    const Located gradient = in_layout(program(), incoming, output.desc);
    const dnnl::pooling_backward::primitive_desc backward(
        {algorithm, input.desc, output.desc, w.strides, w.kernel, w.padding, w.padding}, attributes, cpu_engine(),
        forward);
    const Located result = transient(input.desc);
    std::vector<Use> backward_uses{{DNNL_ARG_DIFF_DST, gradient.desc, gradient.buffer},
                                   {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}};
    backward_uses.insert(backward_uses.end(), winners.begin(), winners.end());
    program().run(backward, std::move(backward_uses));
    return result;
  });
  return output;
}

Located Compiler::forward(const Pooling& layer, const Located& input) {
  return pool(pooling_algorithm(layer.kind), window_of(layer), input);
}

Located Compiler::forward(const GlobalAveragePooling&, const Located& input) {
  return pool(pooling_algorithm(PoolingKind::kAverage), window_over(input_shape()), input);
}

Located Compiler::forward(const Flatten&, const Located& input) {
  const auto unflat = plain_values(batch_, input_shape());
  const auto flat = plain_values(batch_, output_shape());
  const Located output{flat, in_layout(program(), input, unflat).buffer};
  backwards_.push_back([=, this](const Located& incoming) -> std::optional<Located> {
    return Located{unflat, in_layout(program(), incoming, flat).buffer};
  });
  return output;
}

TrainingProgram Compiler::compile() && {
  Located values = staging(plain_values(batch_, shapes_.front()));
  result_.input = values.buffer;
  std::vector<bool> needed;  // per backward: whether the layer has parameters before it or its own
  for (index_ = 0; index_ < spec_.layers.size(); ++index_) {
    values = std::visit([&](const auto& layer) { return forward(layer, values); }, spec_.layers[index_]);
    needed.push_back(needs_gradient_);
  }
  const Located output = staging(plain_values(batch_, shapes_.back()));
  program().reorder(values.desc, values.buffer, output.desc, output.buffer);
  result_.output = output.buffer;
  result_.forward_steps = program().step_count();

  std::optional<Located> gradient = staging(output.desc);
  result_.output_gradient = gradient->buffer;
  for (std::size_t i = backwards_.size(); i-- > 0 && gradient && needed[i];) gradient = backwards_[i](*gradient);
  program().place();
  return std::move(result_);
}

}  // namespace

TrainingProgram compile_training(const NetworkSpec& spec, std::size_t batch) {
  return Compiler(spec, batch).compile();
}

}  // namespace outrider::nn
