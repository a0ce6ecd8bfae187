#include "learners/growing/mixture_form.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/surgery/channels.h"

namespace outrider::growing {
namespace {

using surgery::Axis;
using surgery::ChannelGroups;
using surgery::TensorChannels;

void check_counts(const MixtureForm& form) {
  require(form.templates >= 1 && form.templates <= MixtureForm::kMostTemplates,
          fmt::format("a growing network has {} templates in a set; expected 1 to {}", form.templates,
                      MixtureForm::kMostTemplates));
  require(form.parts >= 1 && form.parts <= MixtureForm::kMostParts,
          fmt::format("a growing network has {} parts; expected 1 to {}", form.parts, MixtureForm::kMostParts));
}

// Multiplies the channels of a hidden layer.
struct Widen {
  std::int64_t parts;

  void operator()(nn::Convolution& layer) const {
    if (layer.groups > 1) layer.groups *= parts;  // depthwise: others do not grow
    layer.channels *= parts;
  }
  void operator()(nn::TransposedConvolution& layer) const { layer.channels *= parts; }
  void operator()(nn::FullyConnected& layer) const { layer.channels *= parts; }
  void operator()(auto&) const {}
};

void refuse_unless(bool grows, const nn::TensorSpec& tensor, const char* why) {
  require(grows, fmt::format("the network cannot grow: tensor {} {}", tensor.name, why));
}

// Which dimension runs along hidden channels; nothing when none does. There must be no concatenations.
class HiddenAxes {
 public:
  HiddenAxes(const ChannelGroups& groups, const TensorChannels& tensor) : groups_(groups), tensor_(tensor) {}

  bool hidden(std::size_t dim) const {
    const Axis& axis = tensor_.axes[dim];
    refuse_unless(axis.size() <= 1, tensor_.spec, "reads concatenated channels");
    return !axis.empty() && !groups_.groups[axis.front().group].fixed;
  }

 private:
  const ChannelGroups& groups_;
  const TensorChannels& tensor_;
};

nn::TensorSpec widened(nn::TensorSpec spec, std::initializer_list<std::size_t> axes, std::int64_t parts) {
  for (const std::size_t axis : axes) spec.dims[axis] *= parts;
  return spec;
}

class LayoutMaker {
 public:
  explicit LayoutMaker(const MixtureForm& form)
      : form_(form),
        groups_(surgery::channel_groups(form.part)),
        input_(0),
        output_(groups_.outputs.empty() ? 0 : groups_.outputs.back().front().group) {
    require(!form.part.layers.empty() && std::holds_alternative<nn::FullyConnected>(form.part.layers.back()),
            "the network cannot grow: its last layer is not fully connected");
    for (std::size_t g = 0; g < groups_.groups.size(); ++g)
      require(!groups_.groups[g].fixed || g == input_ || g == output_,
              "the network cannot grow: the channels of one of its hidden layers have to stay as they are (grouped "
              "convolutions, instance-batch norms, sums with the input)");
  }

  MixtureLayout make() {
    for (const TensorChannels& tensor : groups_.tensors) place(tensor);
    layout_.network = form_.part;
    for (std::size_t i = 0; i + 1 < layout_.network.layers.size(); ++i)
      std::visit(Widen{form_.parts}, layout_.network.layers[i]);
    layout_.network.shapes();  // within the limits
    return std::move(layout_);
  }

 private:
  void place(const TensorChannels& tensor) {
    if (tensor.spec.role != nn::TensorRole::kWeight) return place_vector(tensor);
    const HiddenAxes axes(groups_, tensor);
    const bool out = axes.hidden(0);
    const bool in = axes.hidden(1);
    if (out && in) {
      layout_.mixed.push_back({tensor.spec, widened(tensor.spec, {0, 1}, form_.parts), set_of_shape(tensor.spec.dims)});
    } else if (out) {
      layout_.plain.push_back({tensor.spec, widened(tensor.spec, {0}, form_.parts), Joining::kStacked, 0});
    } else {
      refuse_unless(in && tensor.spec.layer + 1 == form_.part.layers.size(), tensor.spec, "has no hidden channels");
      layout_.plain.push_back({tensor.spec, widened(tensor.spec, {1}, form_.parts), Joining::kJoined, 1});
    }
  }

  // Biases and norms.
  void place_vector(const TensorChannels& tensor) {
    const std::size_t last = tensor.spec.dims.size() - 1;
    if (HiddenAxes(groups_, tensor).hidden(last)) {
      layout_.plain.push_back({tensor.spec, widened(tensor.spec, {last}, form_.parts), Joining::kStacked, last});
    } else {
      refuse_unless(tensor.spec.layer + 1 == form_.part.layers.size(), tensor.spec, "belongs to no hidden channels");
      layout_.plain.push_back({tensor.spec, tensor.spec, Joining::kAveraged, 0});
    }
  }

  std::size_t set_of_shape(const std::vector<std::int64_t>& dims) {
    const auto open = open_.find(dims);
    if (open != open_.end() && (form_.sharing == 0 || open->second.users < form_.sharing)) {
      ++open->second.users;
      return open->second.set;
    }
    open_.insert_or_assign(dims, OpenSet{layout_.sets.size(), 1});
    layout_.sets.push_back(dims);
    return layout_.sets.size() - 1;
  }

  struct OpenSet {
    std::size_t set;
    std::uint32_t users;
  };
  const MixtureForm& form_;
  ChannelGroups groups_;
  std::size_t input_;
  std::size_t output_;
  std::map<std::vector<std::int64_t>, OpenSet> open_;  // of a shape, that others may still join
  MixtureLayout layout_;
};

}  // namespace

MixtureLayout layout_of(const MixtureForm& form) {
  check_counts(form);
  return LayoutMaker(form).make();
}

std::size_t set_size(const MixtureForm& form, const std::vector<std::int64_t>& dims) {
  return form.templates *
         static_cast<std::size_t>(std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>()));
}

std::size_t coefficient_count(const MixtureForm& form) {
  return std::size_t{form.parts} * form.parts * form.templates;
}

std::size_t value_count(const MixtureForm& form, const MixtureLayout& layout) {
  std::size_t count = layout.mixed.size() * coefficient_count(form);
  for (const auto& dims : layout.sets) count += form.parts * set_size(form, dims);
  for (const PlainTensor& tensor : layout.plain) count += tensor.whole.size();
  return count;
}

}  // namespace outrider::growing
