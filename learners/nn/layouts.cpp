#include "learners/nn/layouts.h"

#include <cassert>

namespace outrider::nn {
namespace {

using dnnl::memory;
constexpr auto kFloat = memory::data_type::f32;

memory::dims value_dims(std::size_t batch, const Shape& shape) {
  return {static_cast<memory::dim>(batch), shape.channels, shape.height, shape.width};
}

memory::dims dims_of(Extent extent) {
  return {extent.height, extent.width};
}

}  // namespace

memory::desc plain_values(std::size_t batch, const Shape& shape) {
  return {value_dims(batch, shape), kFloat, memory::format_tag::abcd};
}

memory::desc any_values(std::size_t batch, const Shape& shape) {
  return {value_dims(batch, shape), kFloat, memory::format_tag::any};
}

memory::desc plain_matrix(std::size_t batch, const Shape& shape) {
  return {{static_cast<memory::dim>(batch), static_cast<memory::dim>(shape.size())}, kFloat, memory::format_tag::ab};
}

memory::dims weight_dims(const TensorSpec& tensor, std::int64_t groups) {
  memory::dims dims(tensor.dims.begin(), tensor.dims.end());
  if (groups > 1) {
    dims.front() /= groups;
    dims.insert(dims.begin(), groups);
  }
  return dims;
}

memory::desc plain_weights(const TensorSpec& tensor, std::int64_t groups) {
  const memory::dims dims = weight_dims(tensor, groups);
  const auto tag = dims.size() == 5   ? memory::format_tag::abcde
                   : dims.size() == 4 ? memory::format_tag::abcd
                                      : memory::format_tag::ab;
  return {dims, kFloat, tag};
}

memory::desc any_weights(const TensorSpec& tensor, std::int64_t groups) {
  return {weight_dims(tensor, groups), kFloat, memory::format_tag::any};
}

memory::desc plain_vector(std::int64_t size) {
  return {{size}, kFloat, memory::format_tag::a};
}

Window window_of(const Convolution& layer) {
  return {dims_of(layer.kernel),
          dims_of(layer.stride),
          {layer.dilation.height - 1, layer.dilation.width - 1},
          dims_of(layer.padding),
          dims_of(layer.padding)};
}

Window window_of(const TransposedConvolution& layer) {
  return {dims_of(layer.kernel),
          dims_of(layer.stride),
          {0, 0},
          dims_of(layer.padding),
          {layer.padding.height - layer.extra.height, layer.padding.width - layer.extra.width}};
}

Window window_of(const Pooling& layer) {
  return {dims_of(layer.kernel), dims_of(layer.stride), {0, 0}, dims_of(layer.padding), dims_of(layer.padding)};
}

Window window_over(const Shape& shape) {
  return {{shape.height, shape.width}, {shape.height, shape.width}, {0, 0}, {0, 0}, {0, 0}};
}

Located in_layout(Program& program, const Located& values, const memory::desc& wanted) {
  if (values.desc == wanted) return values;
  const Located copy{wanted, program.buffer(wanted, Lifetime::kTransient)};
  program.reorder(values.desc, values.buffer, copy.desc, copy.buffer);
  return copy;
}

void copy_layout(const memory::desc& from_desc, std::span<const float> from, const memory::desc& to_desc,
                 std::span<float> to) {
  assert(from.size_bytes() >= from_desc.get_size() && to.size_bytes() >= to_desc.get_size());
  // oneDNN takes no const memory; a reorder only reads its source.
  memory source(from_desc, cpu_engine(), const_cast<float*>(from.data()));
  memory target(to_desc, cpu_engine(), to.data());
  dnnl::stream stream(cpu_engine());
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
}

dnnl::primitive_attr scratchpad_and_relu(bool relu) {
  auto attributes = user_scratchpad();
  if (!relu) return attributes;
  dnnl::post_ops after;
  after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  attributes.set_post_ops(after);
  return attributes;
}

dnnl::algorithm pooling_algorithm(PoolingKind kind) {
  return kind == PoolingKind::kMax ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding;
}

}  // namespace outrider::nn
