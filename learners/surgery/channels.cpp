#include "learners/surgery/channels.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::surgery {
namespace {

// Goes through the layers and notes along which axes channels run; groups that a sum makes one are joined.
class ChannelTracer {
 public:
  explicit ChannelTracer(const nn::NetworkSpec& network) : network_(network), shapes_(network.shapes()) {
    value_ = fresh(network.input.channels);
    fix(value_);
    named_.emplace("input", value_);
  }

  ChannelGroups trace() {
    for (index_ = 0; index_ < network_.layers.size(); ++index_) {
      value_ = std::visit([this](const auto& layer) { return pass(layer); }, network_.layers[index_]);
      outputs_.push_back(value_);
    }
    fix(value_);
    return numbered();
  }

 private:
  struct Node {
    std::size_t parent;
    std::size_t channels;
    bool fixed = false;
  };

  Axis fresh(std::int64_t channels) {
    nodes_.push_back({nodes_.size(), static_cast<std::size_t>(channels)});
    return {{nodes_.size() - 1, 1}};
  }
  std::size_t root(std::size_t node) const {
    while (nodes_[node].parent != node) node = nodes_[node].parent;
    return node;
  }
  void fix(const Axis& axis) {
    for (const ChannelRun& run : axis) nodes_[root(run.group)].fixed = true;
  }
  void join(std::size_t a, std::size_t b) {
    const auto [first, second] = std::minmax({root(a), root(b)});  // groups come in the order of their first layer
    nodes_[first].fixed = nodes_[first].fixed || nodes_[second].fixed;
    nodes_[second].parent = first;
  }
  // Values that are added have their channels in step. Where they run differently along the two, none can change.
  void join(const Axis& a, const Axis& b) {
    const bool alike = std::ranges::equal(a, b, [this](const ChannelRun& left, const ChannelRun& right) {
      return left.repeat == right.repeat && nodes_[left.group].channels == nodes_[right.group].channels;
    });
    for (std::size_t i = 0; alike && i < a.size(); ++i) join(a[i].group, b[i].group);
    if (alike) return;
    fix(a);
    fix(b);
  }

  const nn::Shape& input() const { return shapes_[index_]; }
  std::size_t pixels() const { return static_cast<std::size_t>(input().height * input().width); }
  static Axis repeated(Axis axis, std::size_t times) {
    for (ChannelRun& run : axis) run.repeat *= times;
    return axis;
  }

  // Notes the axes of the layer's tensors: weights have `weight`, vectors of channels `channel`.
  void note(const std::vector<Axis>& weight, const Axis& channel) {
    for (nn::TensorSpec& tensor : nn::layer_tensors(index_, network_.layers[index_], input())) {
      std::vector<Axis> axes = tensor.role == nn::TensorRole::kWeight ? weight : std::vector<Axis>{channel};
      if (tensor.role != nn::TensorRole::kWeight && tensor.dims.size() > 1) axes.insert(axes.begin(), Axis{});  // sets
      tensors_.push_back({std::move(tensor), std::move(axes)});
    }
  }

  Axis pass(const nn::Convolution& layer) {
    if (layer.groups == 1) return weigh(layer.channels, value_);
    if (layer.groups == layer.channels && layer.channels == input().channels) {  // depthwise
      note({value_, {}, {}, {}}, value_);
      return value_;
    }
    fix(value_);
    const Axis out = fresh(layer.channels);
    fix(out);
    note({out, {}, {}, {}}, out);
    return out;
  }
  Axis pass(const nn::TransposedConvolution& layer) { return weigh(layer.channels, value_); }
  Axis weigh(std::int64_t channels, const Axis& in) {
    const Axis out = fresh(channels);
    note({out, in, {}, {}}, out);
    return out;
  }
  Axis pass(const nn::FullyConnected& layer) {
    const Axis out = fresh(layer.channels);
    note({out, repeated(value_, pixels())}, out);
    return out;
  }
  Axis pass(const nn::BatchNorm&) { return normalise(); }
  Axis pass(const nn::InstanceNorm&) { return normalise(); }
  Axis normalise() {
    note({}, value_);
    return value_;
  }
  Axis pass(const nn::InstanceBatchNorm&) {
    fix(value_);
    note({}, {});
    return value_;
  }
  Axis pass(const nn::Flatten&) { return repeated(value_, pixels()); }
  Axis pass(const nn::As& as) {
    named_.emplace(as.name, value_);
    return value_;
  }
  Axis pass(const nn::From& from) { return named_.at(from.name); }
  Axis pass(const nn::Add& add) {
    join(value_, named_.at(add.name));
    return value_;
  }
  Axis pass(const nn::Concat& concat) {
    Axis axis = value_;
    const Axis& other = named_.at(concat.name);
    axis.insert(axis.end(), other.begin(), other.end());
    return axis;
  }
  Axis pass(const auto&) { return value_; }

  // The groups are the roots.
  ChannelGroups numbered() {
    ChannelGroups result;
    std::map<std::size_t, std::size_t> number;
    for (std::size_t node = 0; node < nodes_.size(); ++node)
      if (root(node) == node) {
        number.emplace(node, result.groups.size());
        result.groups.push_back({nodes_[node].channels, nodes_[node].fixed});
      }
    const auto renumber = [&](Axis& axis) {
      for (ChannelRun& run : axis) run.group = number.at(root(run.group));
    };
    for (TensorChannels& tensor : tensors_)
      for (Axis& axis : tensor.axes) renumber(axis);
    for (Axis& axis : outputs_) renumber(axis);
    result.tensors = std::move(tensors_);
    result.outputs = std::move(outputs_);
    return result;
  }

  const nn::NetworkSpec& network_;
  std::vector<nn::Shape> shapes_;
  std::size_t index_ = 0;
  Axis value_;
  std::map<std::string, Axis> named_;
  std::vector<Node> nodes_;
  std::vector<TensorChannels> tensors_;
  std::vector<Axis> outputs_;
};

std::vector<std::uint32_t> counted(std::size_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

}  // namespace

const TensorChannels& ChannelGroups::at(const std::string& tensor) const {
  const auto found = std::ranges::find(tensors, tensor, [](const TensorChannels& each) { return each.spec.name; });
  require(found != tensors.end(), fmt::format("the network has no tensor named '{}'", tensor));
  return *found;
}

ChannelGroups channel_groups(const nn::NetworkSpec& network) {
  return ChannelTracer(network).trace();
}

ChannelSelection all_channels(const ChannelGroups& groups) {
  ChannelSelection selection;
  for (const ChannelGroup& group : groups.groups) selection.push_back(counted(group.channels));
  return selection;
}

std::vector<std::uint32_t> selected_along(const ChannelGroups& groups, const Axis& axis, std::size_t size,
                                          const ChannelSelection& selection) {
  if (axis.empty()) return counted(size);
  std::vector<std::uint32_t> places;
  std::size_t begin = 0;
  for (const ChannelRun& run : axis) {
    for (const std::uint32_t channel : selection[run.group])
      for (std::size_t i = 0; i < run.repeat; ++i)
        places.push_back(static_cast<std::uint32_t>(begin + channel * run.repeat + i));
    begin += groups.groups[run.group].channels * run.repeat;
  }
  assert(begin == size);
  return places;
}

std::vector<std::uint32_t> places_in(const std::vector<std::int64_t>& dims,
                                     const std::vector<std::vector<std::uint32_t>>& along) {
  std::vector<std::uint32_t> places{0};
  for (std::size_t d = 0; d < dims.size(); ++d) {
    std::vector<std::uint32_t> finer;
    finer.reserve(places.size() * along[d].size());
    for (const std::uint32_t place : places)
      for (const std::uint32_t step : along[d]) finer.push_back(place * static_cast<std::uint32_t>(dims[d]) + step);
    places = std::move(finer);
  }
  return places;
}

std::vector<std::uint32_t> selected_places(const ChannelGroups& groups, const TensorChannels& tensor,
                                           const ChannelSelection& selection) {
  std::vector<std::vector<std::uint32_t>> along;
  for (std::size_t d = 0; d < tensor.spec.dims.size(); ++d)
    along.push_back(selected_along(groups, tensor.axes[d], static_cast<std::size_t>(tensor.spec.dims[d]), selection));
  return places_in(tensor.spec.dims, along);
}

nn::Parameters select_channels(const ChannelGroups& groups, const nn::Parameters& parameters,
                               const ChannelSelection& selection) {
  nn::Parameters selected;
  for (const nn::Tensor& tensor : parameters.tensors) {
    const TensorChannels& channels = groups.at(tensor.spec.name);
    assert(tensor.values.size() == channels.spec.size());
    nn::Tensor& made = selected.tensors.emplace_back(nn::Tensor{tensor.spec, {}});
    for (std::size_t d = 0; d < made.spec.dims.size(); ++d)
      made.spec.dims[d] = static_cast<std::int64_t>(
          selected_along(groups, channels.axes[d], static_cast<std::size_t>(tensor.spec.dims[d]), selection).size());
    for (const std::uint32_t place : selected_places(groups, channels, selection))
      made.values.push_back(tensor.values[place]);
  }
  return selected;
}

}  // namespace outrider::surgery
