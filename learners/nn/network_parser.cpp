// Reads the text form of a NetworkSpec; network_text.cpp writes it.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/nn/network.h"

namespace outrider::nn {
namespace {

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
  float number(std::string_view prefix, float fallback, std::string_view expected) {
    std::string_view digits;
    const auto word = option(prefix, digits);
    return word ? parse_number<float>(*word, digits, expected) : fallback;
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

Extent parse_kernel(Words& words) {
  std::string_view digits;
  const auto kernel = words.option("k", digits);
  if (!kernel) fail(words.peek().position, "the kernel, for example k3 or k3x5", words.peek().text);
  return parse_extent(*kernel, digits, "the kernel, for example k3 or k3x5");
}

Convolution parse_convolution(Words& words) {
  Convolution c;
  c.channels = parse_count(words, "the number of output channels");
  c.kernel = parse_kernel(words);
  c.stride = words.extent("s", {1, 1}, "the stride, for example s2");
  c.padding = words.extent("p", {0, 0}, "the padding, for example p1");
  c.dilation = words.extent("d", {1, 1}, "the dilation, for example d2");
  std::string_view digits;
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

TransposedConvolution parse_transposed_convolution(Words& words) {
  TransposedConvolution c;
  c.channels = parse_count(words, "the number of output channels");
  c.kernel = parse_kernel(words);
  c.stride = words.extent("s", {1, 1}, "the stride, for example s2");
  c.padding = words.extent("p", {0, 0}, "the padding, for example p1");
  c.extra = words.extent("o", {0, 0}, "the extra output, for example o1");
  c.bias = !words.flag("nobias");
  return c;
}

BatchNorm parse_batch_norm(Words& words) {
  BatchNorm b;
  b.affine = !words.flag("noaffine");
  b.epsilon = words.number("eps", b.epsilon, "eps and a number, for example eps1e-05");
  b.momentum = words.number("momentum", b.momentum, "momentum and a number, for example momentum0.1");
  std::string_view digits;
  if (const auto sets = words.option("sets", digits))
    b.sets = parse_integer(*sets, digits, "sets of statistics, for example sets10");
  return b;
}

InstanceNorm parse_instance_norm(Words& words) {
  InstanceNorm n;
  n.affine = !words.flag("noaffine");
  n.epsilon = words.number("eps", n.epsilon, "eps and a number, for example eps1e-05");
  return n;
}

InstanceBatchNorm parse_instance_batch_norm(Words& words) {
  InstanceBatchNorm n;
  n.instance_channels = parse_count(words, "the number of instance-normalised channels");
  n.epsilon = words.number("eps", n.epsilon, "eps and a number, for example eps1e-05");
  n.momentum = words.number("momentum", n.momentum, "momentum and a number, for example momentum0.1");
  return n;
}

Upsampling parse_upsampling(Words& words) {
  const Word factor = words.next();
  Upsampling u;
  u.factor = parse_extent(factor, factor.text, "the factor, for example 2 or 2x3");
  u.bilinear = words.flag("bilinear");
  return u;
}

Dropout parse_dropout(Words& words) {
  const Word rate = words.next();
  return {parse_number<float>(rate, rate.text, "the rate, for example 0.5")};
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

template <typename Kind>
Layer parse_plain(Words&) {
  return Kind{};
}

template <typename Kind>
Layer parse_named(Words& words) {
  return Kind{std::string(words.next().text)};  // shapes() checks the name
}

struct Keyword {
  std::string_view name;
  Layer (*parse)(Words&);
};

constexpr std::array kKeywords{
    Keyword{"conv", [](Words& words) -> Layer { return parse_convolution(words); }},
    Keyword{"deconv", [](Words& words) -> Layer { return parse_transposed_convolution(words); }},
    Keyword{"linear", [](Words& words) -> Layer { return parse_fully_connected(words); }},
    Keyword{"batchnorm", [](Words& words) -> Layer { return parse_batch_norm(words); }},
    Keyword{"instancenorm", [](Words& words) -> Layer { return parse_instance_norm(words); }},
    Keyword{"ibn", [](Words& words) -> Layer { return parse_instance_batch_norm(words); }},
    Keyword{"relu", parse_plain<Relu>},
    Keyword{"sigmoid", parse_plain<Sigmoid>},
    Keyword{"tanh", parse_plain<Tanh>},
    Keyword{"maxpool", [](Words& words) -> Layer { return parse_pooling(words, PoolingKind::kMax); }},
    Keyword{"avgpool", [](Words& words) -> Layer { return parse_pooling(words, PoolingKind::kAverage); }},
    Keyword{"globalavgpool", [](Words&) -> Layer { return GlobalPooling{PoolingKind::kAverage}; }},
    Keyword{"globalmaxpool", [](Words&) -> Layer { return GlobalPooling{PoolingKind::kMax}; }},
    Keyword{"upsample", [](Words& words) -> Layer { return parse_upsampling(words); }},
    Keyword{"dropout", [](Words& words) -> Layer { return parse_dropout(words); }},
    Keyword{"flatten", parse_plain<Flatten>},
    Keyword{"as", parse_named<As>},
    Keyword{"from", parse_named<From>},
    Keyword{"add", parse_named<Add>},
    Keyword{"concat", parse_named<Concat>},
};

Layer parse_layer(Words& words) {
  const Word name = words.next();
  const auto keyword = std::ranges::find(kKeywords, name.text, &Keyword::name);
  if (keyword != kKeywords.end()) return keyword->parse(words);
  std::vector<std::string_view> known;
  for (const Keyword& each : kKeywords) known.push_back(each.name);
  fail(name.position, fmt::format("a layer ({})", fmt::join(known, ", ")), name.text);
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

}  // namespace

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
