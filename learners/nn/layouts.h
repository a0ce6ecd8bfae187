// Memory descriptions that the two kinds of plan share. Internal to this folder.
#pragma once

#include <span>

#include <oneapi/dnnl/dnnl.hpp>

#include "learners/nn/network.h"
#include "learners/nn/parameters.h"
#include "learners/nn/program.h"

namespace outrider::nn {

// Values with their place: what flows between layers, forward or backward.
struct Located {
  dnnl::memory::desc desc;
  BufferId buffer;
};

// batch x channels x height x width: row-major, or as oneDNN likes it.
dnnl::memory::desc plain_values(std::size_t batch, const Shape& shape);
dnnl::memory::desc any_values(std::size_t batch, const Shape& shape);
// batch x all values of a sample, row-major.
dnnl::memory::desc plain_matrix(std::size_t batch, const Shape& shape);

// Dims of a weight tensor as oneDNN counts them: grouped convolutions have the groups first.
dnnl::memory::dims weight_dims(const TensorSpec& tensor, std::int64_t groups);
dnnl::memory::desc plain_weights(const TensorSpec& tensor, std::int64_t groups);
dnnl::memory::desc any_weights(const TensorSpec& tensor, std::int64_t groups);
dnnl::memory::desc plain_vector(std::int64_t size);

// The arguments of a convolution in oneDNN's terms; its dilation counts the gaps, ours the steps.
struct Window {
  dnnl::memory::dims kernel;
  dnnl::memory::dims strides;
  dnnl::memory::dims dilates;
  dnnl::memory::dims padding;
  dnnl::memory::dims padding_end;
};
Window window_of(const Convolution& layer);
Window window_of(const TransposedConvolution& layer);
Window window_of(const Pooling& layer);
Window window_over(const Shape& shape);  // one window over everything

// `values` in the wanted layout: itself if it has it already, else a reordered transient copy.
Located in_layout(Program& program, const Located& values, const dnnl::memory::desc& wanted);

// Copies between layouts at once.
void copy_layout(const dnnl::memory::desc& from_desc, std::span<const float> from, const dnnl::memory::desc& to_desc,
                 std::span<float> to);

// Attributes with our scratchpad, and a ReLU on the result if wanted.
dnnl::primitive_attr scratchpad_and_relu(bool relu);

dnnl::algorithm pooling_algorithm(PoolingKind kind);

}  // namespace outrider::nn
