// Writes and reads the text form of a Strategy.
#include <array>
#include <charconv>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/averaging/strategy.h"

namespace outrider::averaging {
namespace {

constexpr std::array<std::string_view, 3> kDiscountNames{"constant", "sqrt", "linear"};  // as Discount

// {} prints the shortest digits that read back to the same double.
void append_option(std::string& text, std::string_view option, double value, double fallback) {
  if (value != fallback) text += fmt::format(" {} {}", option, value);
}

struct RuleText {
  double rate;
  double usual_rate;

  std::string start(std::string_view name) const {
    std::string text(name);
    append_option(text, "rate", rate, usual_rate);
    return text;
  }
  std::string operator()(const FedAvg&) const { return start("fedavg"); }
  std::string operator()(const FedAvgM& rule) const {
    std::string text = start("fedavgm");
    append_option(text, "momentum", rule.momentum, FedAvgM{}.momentum);
    return text;
  }
  std::string operator()(const FedAdagrad& rule) const {
    std::string text = start("fedadagrad");
    append_option(text, "beta1", rule.beta1, FedAdagrad{}.beta1);
    append_option(text, "tau", rule.tau, FedAdagrad{}.tau);
    return text;
  }
  std::string operator()(const FedAdam& rule) const { return with_betas("fedadam", rule); }
  std::string operator()(const FedYogi& rule) const { return with_betas("fedyogi", rule); }
  template <typename Rule>
  std::string with_betas(std::string_view name, const Rule& rule) const {
    std::string text = start(name);
    append_option(text, "beta1", rule.beta1, Rule{}.beta1);
    append_option(text, "beta2", rule.beta2, Rule{}.beta2);
    append_option(text, "tau", rule.tau, Rule{}.tau);
    return text;
  }
};

struct CombinationText {
  std::string operator()(const WeightedMean&) const { return ""; }
  std::string operator()(const Median&) const { return "; median"; }
  std::string operator()(const TrimmedMean& mean) const { return fmt::format("; trimmed {}", mean.share); }
  std::string operator()(const Krum& krum) const { return fmt::format("; krum {}", krum.byzantine); }
  std::string operator()(const MultiKrum& krum) const {
    return fmt::format("; multikrum {} {}", krum.byzantine, krum.chosen);
  }
};

Weighting implied_weighting(const Strategy& strategy) {
  return strategy.scaffold || strategy.buffer > 0 ? Weighting::kUniform : Weighting::kSamples;
}

// The words of one setting, taken from the left.
class SettingWords {
 public:
  explicit SettingWords(std::string_view text) {
    for (std::size_t begin = text.find_first_not_of(' '); begin != std::string_view::npos;) {
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      words_.push_back(text.substr(begin, end - begin));
      begin = text.find_first_not_of(' ', end);
    }
  }
  bool empty() const { return next_ == words_.size(); }
  std::string_view take(std::string_view expected) {
    require(!empty(), fmt::format("the averaging strategy ends where {} was expected", expected));
    return words_[next_++];
  }
  bool take_if(std::string_view word) {
    const bool found = !empty() && words_[next_] == word;
    next_ += found ? 1 : 0;
    return found;
  }
  template <typename Number>
  Number number(std::string_view name) {
    const std::string_view word = take(name);
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    require(error == std::errc{} && end == word.data() + word.size(),
            fmt::format("the averaging strategy has '{}' where {} was expected", word, name));
    return value;
  }
  // `option VALUE`, if that comes next.
  template <typename Number>
  void option(std::string_view name, Number& value) {
    if (take_if(name)) value = number<Number>(name);
  }
  // A value without a name, if anything comes.
  template <typename Number>
  void value(std::string_view name, Number& value) {
    if (!empty()) value = number<Number>(name);
  }

 private:
  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
};

struct Draft {
  Strategy strategy{};
  std::optional<Weighting> weighting{};
  bool late_given = false;
};

template <typename Rule>
void parse_rule(SettingWords& words, Draft& draft) {
  Rule rule;
  draft.strategy.rate = default_rate(rule);
  words.option("rate", draft.strategy.rate);
  if constexpr (requires { rule.momentum; }) words.option("momentum", rule.momentum);
  if constexpr (requires { rule.beta1; }) words.option("beta1", rule.beta1);
  if constexpr (requires { rule.beta2; }) words.option("beta2", rule.beta2);
  if constexpr (requires { rule.tau; }) words.option("tau", rule.tau);
  draft.strategy.rule = rule;
}

void parse_trimmed(SettingWords& words, Draft& draft) {
  TrimmedMean mean;
  words.value("the share to trim", mean.share);
  draft.strategy.combination = mean;
}

void parse_krum(SettingWords& words, Draft& draft) {
  Krum krum;
  words.value("the number of byzantine clients", krum.byzantine);
  draft.strategy.combination = krum;
}

void parse_multi_krum(SettingWords& words, Draft& draft) {
  MultiKrum krum;
  words.value("the number of byzantine clients", krum.byzantine);
  words.value("the number of updates to choose", krum.chosen);
  draft.strategy.combination = krum;
}

void parse_late(SettingWords& words, Draft& draft) {
  draft.late_given = true;
  const std::string_view word = words.take("refused, constant, sqrt or linear");
  draft.strategy.late.reset();
  if (word == "refused") return;
  for (std::size_t i = 0; i < kDiscountNames.size(); ++i)
    if (word == kDiscountNames[i]) draft.strategy.late = LateUpdates{.discount = static_cast<Discount>(i)};
  require(draft.strategy.late.has_value(),
          fmt::format("the averaging strategy has '{}' where refused, constant, sqrt or linear was expected", word));
  words.option("limit", draft.strategy.late->limit);
}

// A word that begins a setting, and what the setting is about: nothing is set twice.
struct Setting {
  std::string_view word;
  std::string_view subject;
  void (*parse)(SettingWords&, Draft&);
};

constexpr std::array kSettings{
    Setting{"fedavg", "rule", parse_rule<FedAvg>},
    Setting{"fedavgm", "rule", parse_rule<FedAvgM>},
    Setting{"fedadagrad", "rule", parse_rule<FedAdagrad>},
    Setting{"fedadam", "rule", parse_rule<FedAdam>},
    Setting{"fedyogi", "rule", parse_rule<FedYogi>},
    Setting{"mean", "combination", [](auto&, Draft& draft) { draft.strategy.combination = WeightedMean{}; }},
    Setting{"median", "combination", [](auto&, Draft& draft) { draft.strategy.combination = Median{}; }},
    Setting{"trimmed", "combination", parse_trimmed},
    Setting{"krum", "combination", parse_krum},
    Setting{"multikrum", "combination", parse_multi_krum},
    Setting{"samples", "weighting", [](auto&, Draft& draft) { draft.weighting = Weighting::kSamples; }},
    Setting{"uniform", "weighting", [](auto&, Draft& draft) { draft.weighting = Weighting::kUniform; }},
    Setting{"clip", "clip",
            [](auto& words, Draft& draft) { draft.strategy.clip = words.template number<double>("a norm"); }},
    Setting{"fedprox", "fedprox",
            [](auto& words, Draft& draft) { draft.strategy.proximal = words.template number<double>("mu"); }},
    Setting{"scaffold", "scaffold", [](auto&, Draft& draft) { draft.strategy.scaffold = true; }},
    Setting{"fedbn", "fedbn", [](auto&, Draft& draft) { draft.strategy.local_norms = true; }},
    Setting{"fedbuff", "fedbuff",
            [](auto& words, Draft& draft) {
              draft.strategy.buffer = words.template number<std::uint32_t>("a number of updates");
              require(draft.strategy.buffer > 0, "the averaging strategy's fedbuff buffer is 0; expected 1 or more");
            }},
    Setting{"late", "late", parse_late},
};

const Setting& setting_named(std::string_view word) {
  std::vector<std::string_view> known;
  for (const Setting& setting : kSettings) {
    if (setting.word == word) return setting;
    known.push_back(setting.word);
  }
  throw InputError(
      fmt::format("the averaging strategy has no setting '{}'; known are: {}", word, fmt::join(known, ", ")));
}

}  // namespace

std::string Strategy::text() const {
  std::string text = std::visit(RuleText{rate, default_rate(rule)}, rule) + std::visit(CombinationText{}, combination);
  if (scaffold) text += "; scaffold";
  if (buffer > 0) text += fmt::format("; fedbuff {}", buffer);
  if (weighting != implied_weighting(*this)) text += weighting == Weighting::kSamples ? "; samples" : "; uniform";
  if (clip > 0) text += fmt::format("; clip {}", clip);
  if (proximal > 0) text += fmt::format("; fedprox {}", proximal);
  if (local_norms) text += "; fedbn";
  if (late)
    text += fmt::format("; late {} limit {}", kDiscountNames[static_cast<std::size_t>(late->discount)], late->limit);
  return text;
}

Strategy parse_strategy(std::string_view text) {
  require(text.size() <= StrategyLimits::kTextBytes,
          fmt::format("the averaging strategy has {} characters; at most {} are read", text.size(),
                      StrategyLimits::kTextBytes));
  Draft draft;
  std::set<std::string_view> given;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    SettingWords words(text.substr(begin, end - begin));
    const Setting& setting = setting_named(words.take("a setting"));
    require(given.insert(setting.subject).second,
            fmt::format("the averaging strategy sets its {} twice, the second time by '{}'", setting.subject,
                        setting.word));
    setting.parse(words, draft);
    require(words.empty(),
            fmt::format("the averaging strategy's '{}' is followed by what it has no place for", setting.word));
    begin = end + 1;
  }
  Strategy& strategy = draft.strategy;
  strategy.weighting = draft.weighting.value_or(implied_weighting(strategy));
  if (strategy.buffer > 0 && !draft.late_given) strategy.late = LateUpdates{};
  strategy.check();
  return strategy;
}

}  // namespace outrider::averaging
