// Training steps of the layers with weights.
#include <optional>
#include <utility>

#include "learners/nn/training_builder.h"

namespace outrider::nn {
namespace {

using dnnl::memory;

struct ConvolutionFamily {
  using Forward = dnnl::convolution_forward;
  using ToWeights = dnnl::convolution_backward_weights;
  using ToData = dnnl::convolution_backward_data;
  static constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
};

struct DeconvolutionFamily {
  using Forward = dnnl::deconvolution_forward;
  using ToWeights = dnnl::deconvolution_backward_weights;
  using ToData = dnnl::deconvolution_backward_data;
  static constexpr auto kAlgorithm = dnnl::algorithm::deconvolution_direct;
};

}  // namespace

ValueId TrainingBuilder::forward(const Convolution& layer, ValueId input) {
  return convolve<ConvolutionFamily>(layer.channels, layer.groups, layer.bias, window_of(layer), input);
}

ValueId TrainingBuilder::forward(const TransposedConvolution& layer, ValueId input) {
  return convolve<DeconvolutionFamily>(layer.channels, 1, layer.bias, window_of(layer), input);
}

template <typename Family>
ValueId TrainingBuilder::convolve(std::int64_t channels, std::int64_t groups, bool has_bias, const Window& w,
                                  ValueId input) {
  const auto own = tensors();
  const auto any_input = any_values(batch_, input_shape());
  const auto any_output = any_values(batch_, output_shape());
  const auto any_weight = any_weights(own[0], groups);
  const auto bias_desc = has_bias ? plain_vector(channels) : memory::desc();
  const auto attributes = user_scratchpad();
  const typename Family::Forward::primitive_desc forward(
      {kTraining, Family::kAlgorithm, any_input, any_weight, bias_desc, any_output, w.strides, w.dilates, w.padding,
       w.padding_end},
      attributes, cpu_engine());

  const auto weights = parameter(own[0], plain_weights(own[0], groups), forward.weights_desc());
  std::optional<ParameterPlace> bias;
  if (has_bias) bias = parameter(own[1], bias_desc, bias_desc);

  const Located source = in_layout(program(), at(input), forward.src_desc());
  const Located output = transient(forward.dst_desc());
  Uses uses{{DNNL_ARG_SRC, source.desc, source.buffer},
            {DNNL_ARG_WEIGHTS, weights.layout, weights.value},
            {DNNL_ARG_DST, output.desc, output.buffer}};
  if (bias) uses.push_back({DNNL_ARG_BIAS, bias_desc, bias->value});
  program().run(forward, std::move(uses));

  return add_value(output, /*needs_gradient=*/true, [=, this](const Located& gradient) {
    const typename Family::ToWeights::primitive_desc to_weights(
        {Family::kAlgorithm, any_input, any_weight, bias_desc, any_output, w.strides, w.dilates, w.padding,
         w.padding_end},
        attributes, cpu_engine(), forward);
    const Located values = in_layout(program(), source, to_weights.src_desc());
    const Located slope = in_layout(program(), gradient, to_weights.diff_dst_desc());
    Uses gradient_uses{{DNNL_ARG_SRC, values.desc, values.buffer}, {DNNL_ARG_DIFF_DST, slope.desc, slope.buffer}};
    if (bias) gradient_uses.push_back({DNNL_ARG_DIFF_BIAS, bias_desc, bias->gradient});
    write_gradient(weights, to_weights, std::move(gradient_uses), to_weights.diff_weights_desc());
    if (!needs_gradient(input)) return;

    const typename Family::ToData::primitive_desc to_data(
        {Family::kAlgorithm, any_input, any_weight, any_output, w.strides, w.dilates, w.padding, w.padding_end},
        attributes, cpu_engine(), forward);
    const Located kernel = in_layout(program(), {weights.layout, weights.value}, to_data.weights_desc());
    const Located data_slope = in_layout(program(), gradient, to_data.diff_dst_desc());
    const Located result = transient(to_data.diff_src_desc());
    program().run(to_data, {{DNNL_ARG_DIFF_DST, data_slope.desc, data_slope.buffer},
                            {DNNL_ARG_WEIGHTS, kernel.desc, kernel.buffer},
                            {DNNL_ARG_DIFF_SRC, result.desc, result.buffer}});
    contribute(input, result);
  });
}

ValueId TrainingBuilder::forward(const FullyConnected& layer, ValueId input) {
  const auto own = tensors();
  const auto source_desc = plain_matrix(batch_, input_shape());
  const auto output_desc = plain_matrix(batch_, output_shape());
  const auto any_weight = any_weights(own[0], 1);
  const auto bias_desc = layer.bias ? plain_vector(layer.channels) : memory::desc();
  const auto attributes = user_scratchpad();
  const dnnl::inner_product_forward::primitive_desc forward(
      {kTraining, source_desc, any_weight, bias_desc, output_desc}, attributes, cpu_engine());

  const auto weights = parameter(own[0], plain_weights(own[0], 1), forward.weights_desc());
  std::optional<ParameterPlace> bias;
  if (layer.bias) bias = parameter(own[1], bias_desc, bias_desc);

  const auto plain_input = plain_values(batch_, input_shape());
  const BufferId source = in_layout(program(), at(input), plain_input).buffer;
  const Located output = transient(plain_values(batch_, output_shape()));
  Uses uses{{DNNL_ARG_SRC, source_desc, source},
            {DNNL_ARG_WEIGHTS, weights.layout, weights.value},
            {DNNL_ARG_DST, output_desc, output.buffer}};
  if (bias) uses.push_back({DNNL_ARG_BIAS, bias_desc, bias->value});
  program().run(forward, std::move(uses));

  return add_value(output, /*needs_gradient=*/true, [=, this](const Located& incoming) {
    const BufferId gradient = in_layout(program(), incoming, output.desc).buffer;
    const dnnl::inner_product_backward_weights::primitive_desc to_weights(
        {source_desc, any_weight, bias_desc, output_desc}, attributes, cpu_engine(), forward);
    Uses gradient_uses{{DNNL_ARG_SRC, source_desc, source}, {DNNL_ARG_DIFF_DST, output_desc, gradient}};
    if (bias) gradient_uses.push_back({DNNL_ARG_DIFF_BIAS, bias_desc, bias->gradient});
    write_gradient(weights, to_weights, std::move(gradient_uses), to_weights.diff_weights_desc());
    if (!needs_gradient(input)) return;

    const dnnl::inner_product_backward_data::primitive_desc to_data({source_desc, any_weight, output_desc}, attributes,
                                                                    cpu_engine(), forward);
    const Located matrix = in_layout(program(), {weights.layout, weights.value}, to_data.weights_desc());
    const Located result = transient(plain_input);
    program().run(to_data, {{DNNL_ARG_DIFF_DST, output_desc, gradient},
                            {DNNL_ARG_WEIGHTS, matrix.desc, matrix.buffer},
                            {DNNL_ARG_DIFF_SRC, source_desc, result.buffer}});
    contribute(input, result);
  });
}

}  // namespace outrider::nn
