#include "learners/nn/inference_compiler.h"

#include <utility>

namespace outrider::nn {
namespace {

using dnnl::memory;
constexpr auto kInference = dnnl::prop_kind::forward_inference;

dnnl::primitive_attr attributes_with(bool relu) {
  auto attributes = user_scratchpad();
  if (!relu) return attributes;
  dnnl::post_ops after;
  after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  attributes.set_post_ops(after);
  return attributes;
}

class Compiler {
 public:
  Compiler(const NetworkSpec& spec, std::size_t batch) : spec_(spec), shapes_(spec.shapes()), batch_(batch) {}

  InferenceProgram compile() && {
    const auto input_desc = plain_values(batch_, shapes_.front());
    Located values{input_desc, program().buffer(input_desc, Lifetime::kStaging)};
    result_.input = values.buffer;
    for (index_ = 0; index_ < spec_.layers.size(); ++index_)
      values = std::visit([&](const auto& layer) { return forward(layer, values); }, spec_.layers[index_]);
    const auto output_desc = plain_values(batch_, shapes_.back());
    result_.output = program().buffer(output_desc, Lifetime::kStaging);
    program().reorder(values.desc, values.buffer, output_desc, result_.output);
    program().place();
    return std::move(result_);
  }

 private:
  Program& program() { return result_.program; }
  Located transient(const memory::desc& desc) { return {desc, program().buffer(desc, Lifetime::kTransient)}; }
  BufferId persistent(const memory::desc& desc) { return program().buffer(desc, Lifetime::kPersistent); }
  const Shape& input_shape() const { return shapes_[index_]; }
  const Shape& output_shape() const { return shapes_[index_ + 1]; }
  TensorSpec weight_tensor() const { return layer_tensors(index_, spec_.layers[index_], input_shape()).front(); }

  // Whether the next layer is of that kind; if so it is skipped: this layer does its work.
  template <typename Kind>
  bool absorb() {
    if (index_ + 1 >= spec_.layers.size() || !std::holds_alternative<Kind>(spec_.layers[index_ + 1])) return false;
    ++index_;
    return true;
  }

  Located forward(const Convolution& layer, const Located& input) {
    FoldedWeights folded = fold(weight_tensor(), layer.groups, layer.bias);
    const auto w = window_of(layer);
    const auto any_output = any_values(batch_, shapes_[folded.layer + 1]);
    const dnnl::convolution_forward::primitive_desc forward(
        {kInference, dnnl::algorithm::convolution_direct, any_values(batch_, shapes_[folded.layer]),
         any_weights(layer_tensors(folded.layer, layer, shapes_[folded.layer]).front(), layer.groups),
         folded.has_bias ? plain_vector(layer.channels) : memory::desc(), any_output, w.strides, w.dilates, w.padding,
         w.padding},
        attributes_with(absorb<Relu>()), cpu_engine());
    const Located source = in_layout(program(), input, forward.src_desc());
    return apply(forward, std::move(folded), layer.channels, source, forward.dst_desc());
  }

  Located forward(const FullyConnected& layer, const Located& input) {
    FoldedWeights folded = fold(weight_tensor(), 1, layer.bias);
    const Shape& from = shapes_[folded.layer];
    const Shape& to = shapes_[folded.layer + 1];
    const dnnl::inner_product_forward::primitive_desc forward(
        {kInference, plain_matrix(batch_, from), any_weights(layer_tensors(folded.layer, layer, from).front(), 1),
         folded.has_bias ? plain_vector(layer.channels) : memory::desc(), plain_matrix(batch_, to)},
        attributes_with(absorb<Relu>()), cpu_engine());
    const Located plain = in_layout(program(), input, plain_values(batch_, from));
    const Located matrix{plain_matrix(batch_, from), plain.buffer};
    const Located output = apply(forward, std::move(folded), layer.channels, matrix, plain_matrix(batch_, to));
    return {plain_values(batch_, to), output.buffer};
  }

  // Takes a following batch norm into the layer at hand.
  FoldedWeights fold(const TensorSpec& tensor, std::int64_t groups, bool bias) {
    FoldedWeights folded{index_, std::nullopt, plain_weights(tensor, groups), {}, {}, {}, bias};
    if (absorb<BatchNorm>()) {
      folded.batch_norm = index_;
      folded.has_bias = true;
    }
    return folded;
  }

  // Runs a convolution or fully connected layer on values in the layout that it wants.
  Located apply(const auto& forward, FoldedWeights folded, std::int64_t channels, const Located& source,
                const memory::desc& output_desc) {
    folded.layout = forward.weights_desc();
    folded.weights = persistent(folded.layout);
    const Located output = transient(output_desc);
    std::vector<Use> uses{{DNNL_ARG_SRC, source.desc, source.buffer},
                          {DNNL_ARG_WEIGHTS, folded.layout, folded.weights},
                          {DNNL_ARG_DST, output.desc, output.buffer}};
    if (folded.has_bias) {
      const auto bias_desc = plain_vector(channels);
      folded.bias = persistent(bias_desc);
      uses.push_back({DNNL_ARG_BIAS, bias_desc, folded.bias});
    }
    program().run(forward, std::move(uses));
    result_.folded.push_back(std::move(folded));
    return output;
  }

  Located forward(const BatchNorm& layer, const Located& input) {
    using Flags = dnnl::normalization_flags;
    const std::size_t layer_index = index_;
    const auto channels = plain_vector(input_shape().channels);
    auto flags = Flags::use_global_stats | Flags::use_scale | Flags::use_shift;
    if (absorb<Relu>()) flags = flags | Flags::fuse_norm_relu;
    const dnnl::batch_normalization_forward::primitive_desc forward({kInference, input.desc, layer.epsilon, flags},
                                                                    user_scratchpad(), cpu_engine());
    const LooseBatchNorm loose{layer_index, persistent(channels), persistent(channels), persistent(channels),
                               persistent(channels)};
    const Located output = transient(input.desc);
    program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer},
                            {DNNL_ARG_MEAN, channels, loose.mean},
                            {DNNL_ARG_VARIANCE, channels, loose.variance},
                            {DNNL_ARG_SCALE, channels, loose.scale},
                            {DNNL_ARG_SHIFT, channels, loose.shift},
                            {DNNL_ARG_DST, output.desc, output.buffer}});
    result_.loose.push_back(loose);
    return output;
  }

  Located forward(const Relu&, const Located& input) {
    const dnnl::eltwise_forward::primitive_desc forward({kInference, dnnl::algorithm::eltwise_relu, input.desc, 0.0F},
                                                        user_scratchpad(), cpu_engine());
    const Located output = transient(input.desc);
    program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  Located forward(const Pooling& layer, const Located& input) {
    return pool(pooling_algorithm(layer.kind), window_of(layer), input);
  }
  Located forward(const GlobalAveragePooling&, const Located& input) {
    return pool(pooling_algorithm(PoolingKind::kAverage), window_over(input_shape()), input);
  }
  Located pool(dnnl::algorithm algorithm, const Window& w, const Located& input) {
    const dnnl::pooling_forward::primitive_desc forward(
        {kInference, algorithm, input.desc, any_values(batch_, output_shape()), w.strides, w.kernel, w.padding,
         w.padding},
        user_scratchpad(), cpu_engine());
    const Located output = transient(forward.dst_desc());
    program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  Located forward(const Flatten&, const Located& input) {
    return {plain_values(batch_, output_shape()),
            in_layout(program(), input, plain_values(batch_, input_shape())).buffer};
  }

  const NetworkSpec& spec_;
  std::vector<Shape> shapes_;
  std::size_t batch_;
  std::size_t index_ = 0;  // the layer at hand
  InferenceProgram result_;
};

}  // namespace

InferenceProgram compile_inference(const NetworkSpec& spec, std::size_t batch) {
  return Compiler(spec, batch).compile();
}

}  // namespace outrider::nn
