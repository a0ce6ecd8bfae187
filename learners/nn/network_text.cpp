// Writes the text form of a NetworkSpec; network_parser.cpp reads it.
#include <fmt/format.h>

#include "learners/nn/network.h"

namespace outrider::nn {
namespace {

std::string extent_text(Extent extent) {
  return extent.height == extent.width ? fmt::format("{}", extent.height)
                                       : fmt::format("{}x{}", extent.height, extent.width);
}

void append_unless(std::string& text, std::string_view option, Extent value, Extent fallback) {
  if (value != fallback) text += fmt::format(" {}{}", option, extent_text(value));
}

// {} prints the shortest digits that read back to the same float.
void append_unless(std::string& text, std::string_view option, float value, float fallback) {
  if (value != fallback) text += fmt::format(" {}{}", option, value);
}

struct TextOf {
  std::string operator()(const Convolution& c) const {
    std::string text = fmt::format("conv {} k{}", c.channels, extent_text(c.kernel));
    append_unless(text, "s", c.stride, {1, 1});
    append_unless(text, "p", c.padding, {0, 0});
    append_unless(text, "d", c.dilation, {1, 1});
    if (c.groups != 1) text += fmt::format(" g{}", c.groups);
    if (!c.bias) text += " nobias";
    return text;
  }
  std::string operator()(const TransposedConvolution& c) const {
    std::string text = fmt::format("deconv {} k{}", c.channels, extent_text(c.kernel));
    append_unless(text, "s", c.stride, {1, 1});
    append_unless(text, "p", c.padding, {0, 0});
    append_unless(text, "o", c.extra, {0, 0});
    if (!c.bias) text += " nobias";
    return text;
  }
  std::string operator()(const FullyConnected& f) const {
    return fmt::format("linear {}{}", f.channels, f.bias ? "" : " nobias");
  }
  std::string operator()(const BatchNorm& b) const {
    std::string text = b.affine ? "batchnorm" : "batchnorm noaffine";
    append_unless(text, "eps", b.epsilon, BatchNorm{}.epsilon);
    append_unless(text, "momentum", b.momentum, BatchNorm{}.momentum);
    if (b.sets != 1) text += fmt::format(" sets{}", b.sets);
    return text;
  }
  std::string operator()(const InstanceNorm& n) const {
    std::string text = n.affine ? "instancenorm" : "instancenorm noaffine";
    append_unless(text, "eps", n.epsilon, InstanceNorm{}.epsilon);
    return text;
  }
  std::string operator()(const InstanceBatchNorm& n) const {
    std::string text = fmt::format("ibn {}", n.instance_channels);
    append_unless(text, "eps", n.epsilon, InstanceBatchNorm{}.epsilon);
    append_unless(text, "momentum", n.momentum, InstanceBatchNorm{}.momentum);
    return text;
  }
  std::string operator()(const Relu&) const { return "relu"; }
  std::string operator()(const Sigmoid&) const { return "sigmoid"; }
  std::string operator()(const Tanh&) const { return "tanh"; }
  std::string operator()(const Pooling& p) const {
    std::string text = fmt::format("{} {}", p.kind == PoolingKind::kMax ? "maxpool" : "avgpool", extent_text(p.kernel));
    append_unless(text, "s", p.stride, p.kernel);
    append_unless(text, "p", p.padding, {0, 0});
    return text;
  }
  std::string operator()(const GlobalPooling& p) const {
    return p.kind == PoolingKind::kMax ? "globalmaxpool" : "globalavgpool";
  }
  std::string operator()(const Upsampling& u) const {
    return fmt::format("upsample {}{}", extent_text(u.factor), u.bilinear ? " bilinear" : "");
  }
  std::string operator()(const Dropout& d) const { return fmt::format("dropout {}", d.rate); }
  std::string operator()(const Flatten&) const { return "flatten"; }
  std::string operator()(const As& as) const { return "as " + as.name; }
  std::string operator()(const From& from) const { return "from " + from.name; }
  std::string operator()(const Add& add) const { return "add " + add.name; }
  std::string operator()(const Concat& concat) const { return "concat " + concat.name; }
};

struct NameOf {
  std::string_view operator()(const Convolution&) const { return "conv"; }
  std::string_view operator()(const TransposedConvolution&) const { return "deconv"; }
  std::string_view operator()(const FullyConnected&) const { return "linear"; }
  std::string_view operator()(const BatchNorm&) const { return "batchnorm"; }
  std::string_view operator()(const InstanceNorm&) const { return "instancenorm"; }
  std::string_view operator()(const InstanceBatchNorm&) const { return "ibn"; }
  std::string_view operator()(const Relu&) const { return "relu"; }
  std::string_view operator()(const Sigmoid&) const { return "sigmoid"; }
  std::string_view operator()(const Tanh&) const { return "tanh"; }
  std::string_view operator()(const Pooling& p) const { return p.kind == PoolingKind::kMax ? "maxpool" : "avgpool"; }
  std::string_view operator()(const GlobalPooling& p) const {
    return p.kind == PoolingKind::kMax ? "globalmaxpool" : "globalavgpool";
  }
  std::string_view operator()(const Upsampling&) const { return "upsample"; }
  std::string_view operator()(const Dropout&) const { return "dropout"; }
  std::string_view operator()(const Flatten&) const { return "flatten"; }
  std::string_view operator()(const As&) const { return "as"; }
  std::string_view operator()(const From&) const { return "from"; }
  std::string_view operator()(const Add&) const { return "add"; }
  std::string_view operator()(const Concat&) const { return "concat"; }
};

}  // namespace

std::string_view layer_name(const Layer& layer) {
  return std::visit(NameOf{}, layer);
}

std::string NetworkSpec::text() const {
  std::string text = fmt::format("input {}x{}x{}", input.channels, input.height, input.width);
  for (const Layer& layer : layers) text += "; " + std::visit(TextOf{}, layer);
  return text;
}

}  // namespace outrider::nn
