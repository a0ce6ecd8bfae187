// The text form of a NetworkSpec: writing and parsing.
#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "knowledge/error.h"
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
  std::string operator()(const FullyConnected& f) const {
    return fmt::format("linear {}{}", f.channels, f.bias ? "" : " nobias");
  }
  std::string operator()(const BatchNorm& b) const {  // {} prints the shortest digits that read back to the same float
    std::string text = b.affine ? "batchnorm" : "batchnorm noaffine";
    if (b.epsilon != BatchNorm{}.epsilon) text += fmt::format(" eps{}", b.epsilon);
    if (b.momentum != BatchNorm{}.momentum) text += fmt::format(" momentum{}", b.momentum);
    return text;
  }
  std::string operator()(const Relu&) const { return "relu"; }
  std::string operator()(const Pooling& p) const {
    std::string text = fmt::format("{} {}", p.kind == PoolingKind::kMax ? "maxpool" : "avgpool", extent_text(p.kernel));
    append_unless(text, "s", p.stride, p.kernel);
    append_unless(text, "p", p.padding, {0, 0});
    return text;
  }
  std::string operator()(const GlobalAveragePooling&) const { return "globalavgpool"; }
  std::string operator()(const Flatten&) const { return "flatten"; }
};

struct Word {
  std::string_view text;
  std::size_t position;  // of its first character, from 1
};

[[noreturn]] void fail(std::size_t position, std::string_view expected, std::string_view found) {
  throw InputError(
      fmt::format("network text, character {}: expected {}, found {}", position, expected,
                  found.empty() ? std::string("the end of the layer") : fmt::format("'{}'", found.substr(0, 40))));
}

template <typename Number>
Number parse_number(Word word, std::string_view digits, std::string_view expected) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) fail(word.position, expected, word.text);
  return number;
}

std::int64_t parse_integer(Word word, std::string_view digits, std::string_view expected) {
  const auto number = parse_number<std::int64_t>(word, digits, expected);
  if (number < 0 || number > NetworkLimits::kChannels)
    fail(word.position, fmt::format("{}, 0 to {}", expected, NetworkLimits::kChannels), word.text);
  return number;
}

Extent parse_extent(Word word, std::string_view digits, std::string_view expected) {
  const auto cross = digits.find('x');
  if (cross == std::string_view::npos) {
    const auto both = parse_integer(word, digits, expected);
    return {both, both};
  }
  return {parse_integer(word, digits.substr(0, cross), expected),
          parse_integer(word, digits.substr(cross + 1), expected)};
}

// The words of one layer, from left to right.
class Words {
 public:
  Words(std::string_view layer, std::size_t position) : rest_(layer), position_(position) { skip_blanks(); }

  bool empty() const { return rest_.empty(); }
  Word peek() const { return {rest_.substr(0, rest_.find_first_of(" \t\r\n")), position_}; }
  Word next() {
    const Word word = peek();
    advance(word.text.size());
    skip_blanks();
    return word;
  }
  // The rest of the next word if it begins with `prefix` and a digit; the word is then consumed.
  std::optional<Word> option(std::string_view prefix, std::string_view& digits) {
    const Word word = peek();
    if (!word.text.starts_with(prefix) || word.text.size() == prefix.size()) return std::nullopt;
    if (std::isdigit(static_cast<unsigned char>(word.text[prefix.size()])) == 0) return std::nullopt;
    digits = word.text.substr(prefix.size());
    return next();
  }
  bool flag(std::string_view name) {
    if (peek().text != name) return false;
    next();
    return true;
  }
  Extent extent(std::string_view prefix, Extent fallback, std::string_view expected) {
    std::string_view digits;
    const auto word = option(prefix, digits);
    return word ? parse_extent(*word, digits, expected) : fallback;
  }

 private:
  void advance(std::size_t count) {
    rest_.remove_prefix(count);
    position_ += count;
  }
  void skip_blanks() {
    const auto first = rest_.find_first_not_of(" \t\r\n");
    advance(first == std::string_view::npos ? rest_.size() : first);
  }

  std::string_view rest_;
  std::size_t position_;
};

std::int64_t parse_count(Words& words, std::string_view expected) {
  const Word word = words.next();
  return parse_integer(word, word.text, expected);
}

Convolution parse_convolution(Words& words) {
  Convolution c;
  c.channels = parse_count(words, "the number of output channels");
  std::string_view digits;
  const auto kernel = words.option("k", digits);
  if (!kernel) fail(words.peek().position, "the kernel, for example k3 or k3x5", words.peek().text);
  c.kernel = parse_extent(*kernel, digits, "the kernel, for example k3 or k3x5");
  c.stride = words.extent("s", {1, 1}, "the stride, for example s2");
  c.padding = words.extent("p", {0, 0}, "the padding, for example p1");
  c.dilation = words.extent("d", {1, 1}, "the dilation, for example d2");
  if (const auto groups = words.option("g", digits))
    c.groups = parse_integer(*groups, digits, "groups, for example g2");
  c.bias = !words.flag("nobias");
  return c;
}

FullyConnected parse_fully_connected(Words& words) {
  FullyConnected f;
  f.channels = parse_count(words, "the number of outputs");
  f.bias = !words.flag("nobias");
  return f;
}

BatchNorm parse_batch_norm(Words& words) {
  BatchNorm b;
  b.affine = !words.flag("noaffine");
  std::string_view digits;
  if (const auto word = words.option("eps", digits))
    b.epsilon = parse_number<float>(*word, digits, "eps and a number, for example eps1e-05");
  if (const auto word = words.option("momentum", digits))
    b.momentum = parse_number<float>(*word, digits, "momentum and a number, for example momentum0.1");
  return b;
}

Pooling parse_pooling(Words& words, PoolingKind kind) {
  Pooling p;
  p.kind = kind;
  const Word kernel = words.next();
  p.kernel = parse_extent(kernel, kernel.text, "the pooling window, for example 2 or 2x3");
  p.stride = words.extent("s", p.kernel, "the stride, for example s2");
  p.padding = words.extent("p", {0, 0}, "the padding, for example p1");
  return p;
}

Layer parse_layer(Words& words) {
  const Word name = words.next();
  if (name.text == "conv") return parse_convolution(words);
  if (name.text == "linear") return parse_fully_connected(words);
  if (name.text == "batchnorm") return parse_batch_norm(words);
  if (name.text == "relu") return Relu{};
  if (name.text == "maxpool") return parse_pooling(words, PoolingKind::kMax);
  if (name.text == "avgpool") return parse_pooling(words, PoolingKind::kAverage);
  if (name.text == "globalavgpool") return GlobalAveragePooling{};
  if (name.text == "flatten") return Flatten{};
  fail(name.position, "a layer (conv, linear, batchnorm, relu, maxpool, avgpool, globalavgpool, flatten)", name.text);
}

Shape parse_input(Words& words) {
  const Word name = words.next();
  if (name.text != "input") fail(name.position, "'input CxHxW' first", name.text);
  const std::string_view expected = "the input shape, for example 3x32x32";
  const Word word = words.next();
  const auto first = word.text.find('x');
  const auto second = first == std::string_view::npos ? first : word.text.find('x', first + 1);
  if (second == std::string_view::npos) fail(word.position, expected, word.text);
  return {parse_integer(word, word.text.substr(0, first), expected),
          parse_integer(word, word.text.substr(first + 1, second - first - 1), expected),
          parse_integer(word, word.text.substr(second + 1), expected)};
}

struct NameOf {
  std::string_view operator()(const Convolution&) const { return "conv"; }
  std::string_view operator()(const FullyConnected&) const { return "linear"; }
  std::string_view operator()(const BatchNorm&) const { return "batchnorm"; }
  std::string_view operator()(const Relu&) const { return "relu"; }
  std::string_view operator()(const Pooling& p) const { return p.kind == PoolingKind::kMax ? "maxpool" : "avgpool"; }
  std::string_view operator()(const GlobalAveragePooling&) const { return "globalavgpool"; }
  std::string_view operator()(const Flatten&) const { return "flatten"; }
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

NetworkSpec parse_network(std::string_view text) {
  if (text.size() > NetworkLimits::kTextBytes)
    throw InputError(
        fmt::format("the network text has {} characters; at most {} are read", text.size(), NetworkLimits::kTextBytes));
  NetworkSpec spec;
  for (std::size_t begin = 0, number = 0; begin <= text.size(); ++number) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    Words words(text.substr(begin, end - begin), begin + 1);
    if (number > NetworkLimits::kLayers)
      fail(begin + 1, fmt::format("at most {} layers", NetworkLimits::kLayers), "more");
    if (number == 0)
      spec.input = parse_input(words);
    else
      spec.layers.push_back(parse_layer(words));
    if (!words.empty()) fail(words.peek().position, "';' or a valid option of the layer, in order", words.peek().text);
    begin = end + 1;
  }
  spec.shapes();
  return spec;
}

}  // namespace outrider::nn
