// The state while compile_training() walks over the layers, and one member function per layer kind. Internal to this
// folder.
//
// Every layer appends its forward steps, announces its output as a value, and leaves a function that will append its
// backward steps. Those run in reverse order once all forward steps are there; as a value's readers all come after its
// producer, its gradient is complete, the sum over its readers, when the producer's turn comes.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "learners/nn/training_compiler.h"

namespace outrider::nn {

constexpr auto kTraining = dnnl::prop_kind::forward_training;

struct ValueId {
  std::size_t index = 0;
};

class TrainingBuilder {
 public:
  TrainingBuilder(const NetworkSpec& spec, std::size_t batch, StatisticsSource statistics);

  TrainingProgram build() &&;

 private:
  using Uses = std::vector<Use>;
  // Takes the gradient of the layer's output and hands those of its inputs to contribute().
  using Backward = std::function<void(const Located& gradient)>;
  struct Value {
    Located at;
    bool needs_gradient = false;  // whether it depends on a parameter
    std::vector<Located> gradients;
  };
  struct PendingBackward {
    ValueId output;
    Backward append;
  };

  Program& program() { return result_.program; }
  Located staging(const dnnl::memory::desc& desc) { return {desc, program().buffer(desc, Lifetime::kStaging)}; }
  Located transient(const dnnl::memory::desc& desc) { return {desc, program().buffer(desc, Lifetime::kTransient)}; }
  std::vector<TensorSpec> tensors() const { return layer_tensors(index_, spec_.layers[index_], input_shape()); }
  const Shape& input_shape() const { return shapes_[index_]; }
  const Shape& output_shape() const { return shapes_[index_ + 1]; }
  bool relu_follows() const;

  const Located& at(ValueId id) const { return values_[id.index].at; }
  bool needs_gradient(ValueId id) const { return values_[id.index].needs_gradient; }
  ValueId add_value(const Located& at, bool needs_gradient, Backward backward);
  // A gradient of the value from one of its readers; ignored if nobody needs it.
  void contribute(ValueId id, const Located& gradient);
  Located total_gradient(ValueId id);

  ParameterPlace parameter(const TensorSpec& spec, const dnnl::memory::desc& plain, const dnnl::memory::desc& layout);
  // Runs a weight-gradient primitive so that the gradient ends in the layout of the weights.
  void write_gradient(const ParameterPlace& place, const dnnl::primitive_desc& primitive, Uses uses,
                      const dnnl::memory::desc& computed);

  // training_convolution.cpp
  ValueId forward(const Convolution& layer, ValueId input);
  ValueId forward(const TransposedConvolution& layer, ValueId input);
  ValueId forward(const FullyConnected& layer, ValueId input);
  template <typename Family>
  ValueId convolve(std::int64_t channels, std::int64_t groups, bool bias, const Window& window, ValueId input);
  // training_normalization.cpp
  ValueId forward(const BatchNorm& layer, ValueId input);
  ValueId forward(const InstanceNorm& layer, ValueId input);
  ValueId forward(const InstanceBatchNorm& layer, ValueId input);
  ValueId normalize(std::size_t instance_channels, float epsilon, float momentum, bool affine, ValueId input);
  // training_layers.cpp
  ValueId forward(const Relu& layer, ValueId input);
  ValueId forward(const Sigmoid& layer, ValueId input);
  ValueId forward(const Tanh& layer, ValueId input);
  ValueId forward(const Pooling& layer, ValueId input);
  ValueId forward(const GlobalPooling& layer, ValueId input);
  ValueId forward(const Upsampling& layer, ValueId input);
  ValueId forward(const Dropout& layer, ValueId input);
  ValueId forward(const Flatten& layer, ValueId input);
  ValueId activate(dnnl::algorithm algorithm, ValueId input);
  Located activation_gradient(dnnl::algorithm algorithm, const Located& output, const Located& incoming);
  ValueId pool(dnnl::algorithm algorithm, const Window& window, ValueId input);
  // training_joins.cpp
  ValueId forward(const As& layer, ValueId input);
  ValueId forward(const From& layer, ValueId input);
  ValueId forward(const Add& layer, ValueId input);
  ValueId forward(const Concat& layer, ValueId input);
  void contribute_channels(ValueId id, const Located& gradient, const Shape& whole, const Shape& part,
                           std::int64_t first);

  const NetworkSpec& spec_;
  std::vector<Shape> shapes_;
  std::size_t batch_;
  StatisticsSource statistics_;
  std::size_t index_ = 0;  // the layer at hand
  std::vector<Value> values_;
  std::map<std::string, ValueId> names_;
  std::vector<PendingBackward> backwards_;
  TrainingProgram result_;
};

}  // namespace outrider::nn
