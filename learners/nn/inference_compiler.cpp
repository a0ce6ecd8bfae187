#include "learners/nn/inference_compiler.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "learners/nn/normalization_kernel.h"

namespace outrider::nn {
namespace {

using dnnl::memory;
constexpr auto kInference = dnnl::prop_kind::forward_inference;

class Compiler {
 public:
  Compiler(const NetworkSpec& spec, std::size_t batch) : spec_(spec), shapes_(spec.shapes()), batch_(batch) {}

  InferenceProgram compile() && {
    const auto input_desc = plain_values(batch_, shapes_.front());
    Located values{input_desc, program().buffer(input_desc, Lifetime::kStaging)};
    result_.input = values.buffer;
    names_["input"] = values;
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
    const dnnl::convolution_forward::primitive_desc forward(
        {kInference, dnnl::algorithm::convolution_direct, any_values(batch_, shapes_[folded.layer]),
         any_weights(layer_tensors(folded.layer, layer, shapes_[folded.layer]).front(), layer.groups),
         folded.has_bias ? plain_vector(layer.channels) : memory::desc(), any_values(batch_, shapes_[folded.layer + 1]),
         w.strides, w.dilates, w.padding, w.padding_end},
        scratchpad_and_relu(absorb<Relu>()), cpu_engine());
    const Located source = in_layout(program(), input, forward.src_desc());
    return apply(forward, folded, layer.channels, source, forward.dst_desc());
  }

  Located forward(const TransposedConvolution& layer, const Located& input) {
    FoldedWeights folded = fold(weight_tensor(), 1, layer.bias);
    const auto w = window_of(layer);
    const dnnl::deconvolution_forward::primitive_desc forward(
        {kInference, dnnl::algorithm::deconvolution_direct, any_values(batch_, shapes_[folded.layer]),
         any_weights(layer_tensors(folded.layer, layer, shapes_[folded.layer]).front(), 1),
         folded.has_bias ? plain_vector(layer.channels) : memory::desc(), any_values(batch_, shapes_[folded.layer + 1]),
         w.strides, w.dilates, w.padding, w.padding_end},
        scratchpad_and_relu(absorb<Relu>()), cpu_engine());
    const Located source = in_layout(program(), input, forward.src_desc());
    return apply(forward, folded, layer.channels, source, forward.dst_desc());
  }

  Located forward(const FullyConnected& layer, const Located& input) {
    FoldedWeights folded = fold(weight_tensor(), 1, layer.bias);
    const Shape& from = shapes_[folded.layer];
    const Shape& to = shapes_[folded.layer + 1];
    const dnnl::inner_product_forward::primitive_desc forward(
        {kInference, plain_matrix(batch_, from), any_weights(layer_tensors(folded.layer, layer, from).front(), 1),
         folded.has_bias ? plain_vector(layer.channels) : memory::desc(), plain_matrix(batch_, to)},
        scratchpad_and_relu(absorb<Relu>()), cpu_engine());
    const Located plain = in_layout(program(), input, plain_values(batch_, from));
    const Located matrix{plain_matrix(batch_, from), plain.buffer};
    const Located output = apply(forward, folded, layer.channels, matrix, plain_matrix(batch_, to));
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
    result_.folded.push_back(folded);
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
    const LooseNorm loose{layer_index, persistent(channels), persistent(channels), persistent(channels),
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

  Located forward(const InstanceNorm& layer, const Located& input) {
    return normalize(static_cast<std::size_t>(input_shape().channels), layer.epsilon, input);
  }
  Located forward(const InstanceBatchNorm& layer, const Located& input) {
    return normalize(static_cast<std::size_t>(layer.instance_channels), layer.epsilon, input);
  }
  Located normalize(std::size_t instance_channels, float epsilon, const Located& input) {
    const auto plane = static_cast<std::size_t>(input_shape().height * input_shape().width);
    const auto all = static_cast<std::size_t>(input_shape().channels);
    const NormalizationShape shape{batch_, all, plane, instance_channels, epsilon, /*given=*/true};
    const auto plain = plain_values(batch_, input_shape());
    const auto channels = plain_vector(input_shape().channels);
    const auto given = plain_vector(static_cast<std::int64_t>(all - instance_channels) + 1);  // never empty
    const auto statistics = plain_vector(static_cast<std::int64_t>(shape.statistics()));
    const LooseNorm loose{index_, persistent(channels), persistent(channels), persistent(given), persistent(given)};
    const Located source = in_layout(program(), input, plain);
    const Located output = transient(plain);
    program().run("kernel:normalize",
                  [shape](auto b) {
                    const NormalizationStatistics own{b[5], b[6]};
                    const std::size_t shared = shape.statistics() - shape.shared_offset();
                    std::ranges::copy(b[3].first(shared), own.mean.subspan(shape.shared_offset()).begin());
                    std::ranges::copy(b[4].first(shared), own.variance.subspan(shape.shared_offset()).begin());
                    normalize_forward(shape, {b[0], b[1], b[2]}, own, b[7]);
                  },
                  {source.buffer, loose.scale, loose.shift, loose.mean, loose.variance, transient(statistics).buffer,
                   transient(statistics).buffer, output.buffer});
    result_.loose.push_back(loose);
    return output;
  }

  Located forward(const Relu&, const Located& input) { return activate(dnnl::algorithm::eltwise_relu, input); }
  Located forward(const Sigmoid&, const Located& input) { return activate(dnnl::algorithm::eltwise_logistic, input); }
  Located forward(const Tanh&, const Located& input) { return activate(dnnl::algorithm::eltwise_tanh, input); }
  Located activate(dnnl::algorithm algorithm, const Located& input) {
    const dnnl::eltwise_forward::primitive_desc forward({kInference, algorithm, input.desc, 0.0F}, user_scratchpad(),
                                                        cpu_engine());
    const Located output = transient(input.desc);
    program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  Located forward(const Pooling& layer, const Located& input) {
    return pool(pooling_algorithm(layer.kind), window_of(layer), input);
  }
  Located forward(const GlobalPooling& layer, const Located& input) {
    return pool(pooling_algorithm(layer.kind), window_over(input_shape()), input);
  }
  Located pool(dnnl::algorithm algorithm, const Window& w, const Located& input) {
    const dnnl::pooling_forward::primitive_desc forward(
        {kInference, algorithm, input.desc, any_values(batch_, output_shape()), w.strides, w.kernel, w.padding,
         w.padding_end},
        user_scratchpad(), cpu_engine());
    const Located output = transient(forward.dst_desc());
    program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  Located forward(const Flatten&, const Located& input) {
    return {plain_values(batch_, output_shape()),
            in_layout(program(), input, plain_values(batch_, input_shape())).buffer};
  }

  Located forward(const Upsampling& layer, const Located& input) {
    const auto algorithm = layer.bilinear ? dnnl::algorithm::resampling_linear : dnnl::algorithm::resampling_nearest;
    const dnnl::resampling_forward::primitive_desc forward(
        {kInference, algorithm, input.desc, any_values(batch_, output_shape())}, user_scratchpad(), cpu_engine());
    const Located output = transient(forward.dst_desc());
    program().run(forward, {{DNNL_ARG_SRC, input.desc, input.buffer}, {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  Located forward(const Dropout&, const Located& input) { return input; }

  Located forward(const As& layer, const Located& input) { return names_[layer.name] = input; }
  Located forward(const From& layer, const Located&) { return names_.at(layer.name); }

  Located forward(const Add& layer, const Located& input) {
    const Located other = in_layout(program(), names_.at(layer.name), input.desc);
    const dnnl::binary::primitive_desc forward({dnnl::algorithm::binary_add, input.desc, input.desc, input.desc},
                                               scratchpad_and_relu(absorb<Relu>()), cpu_engine());
    const Located output = transient(input.desc);
    program().run(forward, {{DNNL_ARG_SRC_0, input.desc, input.buffer},
                            {DNNL_ARG_SRC_1, other.desc, other.buffer},
                            {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  Located forward(const Concat& layer, const Located& input) {
    const Located& other = names_.at(layer.name);
    const dnnl::concat::primitive_desc forward(1, {input.desc, other.desc}, cpu_engine(), user_scratchpad());
    const Located output = transient(forward.dst_desc());
    program().run(forward, {{DNNL_ARG_MULTIPLE_SRC, input.desc, input.buffer},
                            {DNNL_ARG_MULTIPLE_SRC + 1, other.desc, other.buffer},
                            {DNNL_ARG_DST, output.desc, output.buffer}});
    return output;
  }

  const NetworkSpec& spec_;
  std::vector<Shape> shapes_;
  std::size_t batch_;
  std::size_t index_ = 0;  // the layer at hand
  std::map<std::string, Located> names_;
  InferenceProgram result_;
};

}  // namespace

InferenceProgram compile_inference(const NetworkSpec& spec, std::size_t batch) {
  return Compiler(spec, batch).compile();
}

}  // namespace outrider::nn
