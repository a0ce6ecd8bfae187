#include "learners/nn/training_compiler.h"

#include <utility>

#include "learners/nn/training_builder.h"

namespace outrider::nn {

using dnnl::memory;

TrainingBuilder::TrainingBuilder(const NetworkSpec& spec, std::size_t batch, StatisticsSource statistics)
    : spec_(spec), shapes_(spec.shapes()), batch_(batch), statistics_(statistics) {
  result_.dropout = std::make_shared<DropoutKey>();
}

bool TrainingBuilder::relu_follows() const {
  return index_ + 1 < spec_.layers.size() && std::holds_alternative<Relu>(spec_.layers[index_ + 1]);
}

ValueId TrainingBuilder::add_value(const Located& at, bool needs_gradient, Backward backward) {
  const ValueId id{values_.size()};
  values_.push_back({at, needs_gradient, {}});
  if (needs_gradient) backwards_.push_back({id, std::move(backward)});
  return id;
}

void TrainingBuilder::contribute(ValueId id, const Located& gradient) {
  if (needs_gradient(id)) values_[id.index].gradients.push_back(gradient);
}

Located TrainingBuilder::total_gradient(ValueId id) {
  const std::vector<Located>& parts = values_[id.index].gradients;
  if (parts.size() == 1) return parts.front();
  const memory::desc& desc = parts.front().desc;
  Uses uses;
  for (const Located& part : parts)
    uses.push_back(
        {DNNL_ARG_MULTIPLE_SRC + static_cast<int>(uses.size()), desc, in_layout(program(), part, desc).buffer});
  const dnnl::sum::primitive_desc sum(desc, std::vector<float>(parts.size(), 1.0F),
                                      std::vector<memory::desc>(parts.size(), desc), cpu_engine(), user_scratchpad());
  const Located total = transient(desc);
  uses.push_back({DNNL_ARG_DST, total.desc, total.buffer});
  program().run(sum, std::move(uses));
  return total;
}

ParameterPlace TrainingBuilder::parameter(const TensorSpec& spec, const memory::desc& plain,
                                          const memory::desc& layout) {
  ParameterPlace place{spec, plain, layout, program().buffer(layout, Lifetime::kPersistent), {}};
  if (spec.trainable()) place.gradient = program().buffer(layout, Lifetime::kPersistent);
  result_.parameters.push_back(place);
  return place;
}

void TrainingBuilder::write_gradient(const ParameterPlace& place, const dnnl::primitive_desc& primitive, Uses uses,
                                     const memory::desc& computed) {
  const bool direct = computed == place.layout;
  const Located target = direct ? Located{computed, place.gradient} : transient(computed);
  uses.push_back({DNNL_ARG_DIFF_WEIGHTS, target.desc, target.buffer});
  program().run(primitive, std::move(uses));
  if (!direct) program().reorder(target.desc, target.buffer, place.layout, place.gradient);
}

TrainingProgram TrainingBuilder::build() && {
  const Located input = staging(plain_values(batch_, shapes_.front()));
  result_.input = input.buffer;
  ValueId value = add_value(input, /*needs_gradient=*/false, {});
  names_["input"] = value;
  for (index_ = 0; index_ < spec_.layers.size(); ++index_)
    value = std::visit([&](const auto& layer) { return forward(layer, value); }, spec_.layers[index_]);
  const Located output = staging(plain_values(batch_, shapes_.back()));
  program().reorder(at(value).desc, at(value).buffer, output.desc, output.buffer);
  result_.output = output.buffer;
  result_.forward_steps = program().step_count();

  const Located gradient = staging(output.desc);
  result_.output_gradient = gradient.buffer;
  contribute(value, gradient);
  for (std::size_t i = backwards_.size(); i-- > 0;) backwards_[i].append(total_gradient(backwards_[i].output));
  program().place();
  return std::move(result_);
}

TrainingProgram compile_training(const NetworkSpec& spec, std::size_t batch, StatisticsSource statistics) {
  return TrainingBuilder(spec, batch, statistics).build();
}

}  // namespace outrider::nn
