// What liars can do to the classes of others, and what honest clients pay for the measures against them: the tables of
// docs/poison.md.
//   poison_study ENCODER KIND [PATH]      ENCODER: as `outrider pretrain` writes it, with base classes of the data set
// Where the two parts of the data set have the same classes, clients meet the ten first of them; else (Omniglot) those
// of the second part.
#include <algorithm>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/open.h"
#include "learners/data/split.h"
#include "learners/encoders/embedder.h"
#include "simulations/pretraining/measurement.h"
#include "simulations/virtual_fleet/poisoned_classes.h"

namespace outrider::simulations {
namespace {

constexpr std::uint32_t kLiar = 1'000'000;

struct Pictures {
  EmbeddedClasses to_learn;
  EmbeddedClasses to_test;
};

void add(EmbeddedClasses& classes, const std::string& name, const Dataset& data,
         const std::vector<std::size_t>& pictures, Embedder& embedder) {
  classes.emplace(name, embed(data, pictures, embedder));
}

Pictures pictures_of(const DatasetPair& data, Embedder& embedder, std::size_t tests) {
  constexpr std::size_t kToLearn = 900;
  constexpr std::size_t kDrawings = 15;  // of 20, where there are two sets of classes
  Pictures pictures;
  const auto learned = indices_by_class(data.train);
  const auto tested = indices_by_class(data.test);
  const bool same = data.train.classes == data.test.classes;
  for (std::size_t label = 0; label < tested.size(); ++label) {
    const std::string& name = data.test.classes[label];
    std::vector<std::size_t> learn = same ? learned[label] : tested[label];
    std::vector<std::size_t> test = tested[label];
    if (!same) test.erase(test.begin(), test.begin() + kDrawings);
    learn.resize(std::min(learn.size(), same ? kToLearn : kDrawings));
    test.resize(std::min(test.size(), tests));
    add(pictures.to_learn, name, same ? data.train : data.test, learn, embedder);
    add(pictures.to_test, name, data.test, test, embedder);
  }
  return pictures;
}

class PoisonStudy {
 public:
  explicit PoisonStudy(PoisonedClasses classes) : classes_(std::move(classes)) {
    const std::vector<std::string> base = classes_.base();
    for (const auto& [name, embeddings] : classes_.to_learn()) {
      names_.push_back(name);
      if (std::ranges::find(base, name) == base.end()) new_.insert(name);
    }
  }

  void few_classes() {
    for (const std::size_t teachers : {std::size_t{1}, std::size_t{3}}) {
      fmt::print("\nEach new class has {} honest teacher{} with 20 pictures\n\n", teachers, teachers == 1 ? "" : "s");
      fmt::print(
          "| what is said | refused | no measures: all, new | rules alone | with caution |\n|---|---|---|---|---|\n");
      for (const auto& [what, lie] : lies()) row(what, teachers, lie);
    }
    weights();
    honest_refusals({1, 5, 20, 300});
  }

  // How many classes of its own one device may meet beside a large base.
  void many_classes() {
    fmt::print("\n| base classes | who meets new classes | those right, without caution | with it |\n");
    fmt::print("|---|---|---|---|\n");
    for (const std::size_t base : {classes_.base().size(), std::size_t{60}}) {
      for (const std::size_t count : {8U, 20U, 60U, 120U, 240U}) alone(base, count, 1, 0);
      alone(base, 120, 5, 0);
      for (const std::size_t invented : {0U, 240U, 256U}) alone(base, 24, 5, invented);
    }
    honest_refusals({1, 5, 15});
  }

 private:
  using Lie = std::function<std::size_t()>;  // returns how often it was refused

  void begin(const AdmissionRules& rules, std::size_t teachers) {
    classes_.begin(rules);
    std::uint32_t client = 0;
    for (std::size_t teacher = 0; teacher < teachers; ++teacher)
      for (const std::string& name : names_)
        if (teachers > 1 || new_.contains(name))
          classes_.say(teachers > 1 ? static_cast<std::uint32_t>(teacher) : client++, name,
                       classes_.state(name, 20 * teacher, 20));
  }

  std::size_t lie(std::uint32_t who, const std::string& about, const ClassState& said) {
    return classes_.say(who, about, said) ? 0 : 1;
  }
  const std::string& next_of(std::size_t i) const { return names_[(i + 1) % names_.size()]; }
  const std::string& some_new() const { return *std::next(new_.begin(), static_cast<std::ptrdiff_t>(new_.size()) / 2); }
  const std::string& far_from(const std::string& name) const {
    return name == names_.front() ? names_.back() : names_.front();
  }

  std::size_t invent(std::uint32_t who, std::size_t count, std::size_t pictures,
                     const std::string& called = "invented") {
    std::size_t refused = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& near = names_[i % names_.size()];
      const std::size_t first = 100 + i / names_.size() * pictures;
      refused += lie(who, called + " " + std::to_string(i), classes_.state(near, first, pictures));
    }
    return refused;
  }
  std::size_t move_all(std::uint32_t who) {
    std::size_t refused = 0;
    for (std::size_t i = 0; i < names_.size(); ++i)
      refused += lie(who, names_[i], louder(classes_.state(next_of(i), 100, 20), 10'000));
    return refused;
  }

  std::vector<std::pair<std::string, Lie>> lies() {
    const std::string one = some_new();
    return {
        {"nothing", [] { return std::size_t{0}; }},
        {one + " flipped", [this, one] { return lie(kLiar, one, scaled(classes_.state(one, 0, 10), -1)); }},
        {one + " times a million", [this, one] { return lie(kLiar, one, scaled(classes_.state(one, 0, 1), 1e6F)); }},
        {one + " of 10^9 pictures at another's place",
         [this, one] { return lie(kLiar, one, louder(classes_.state(far_from(one), 0, 20), 1'000'000'000)); }},
        {one + " of 10,000 pictures at another's place",
         [this, one] { return lie(kLiar, one, louder(classes_.state(far_from(one), 0, 20), 10'000)); }},
        {"the same by two sybils",
         [this, one] {
           const ClassState said = louder(classes_.state(far_from(one), 0, 20), 10'000);
           return lie(kLiar, one, said) + lie(kLiar + 1, one, said);
         }},
        {"every class moved onto the next, 10,000 pictures each", [this] { return move_all(kLiar); }},
        {"the same by two sybils", [this] { return move_all(kLiar) + move_all(kLiar + 1); }},
        {"500 invented classes of one picture each", [this] { return invent(kLiar, 500, 1); }},
        {"256 invented classes of three pictures each", [this] { return invent(kLiar, 256, 3); }},
        {"20 invented classes of 20 pictures each", [this] { return invent(kLiar, 20, 20); }},
        {"8 invented classes of 20 pictures each", [this] { return invent(kLiar, 8, 20); }},
        {"200 invented classes by two sybils that share them out",
         [this] { return invent(kLiar, 100, 1) + invent(kLiar + 1, 100, 1, "made up"); }},
        {"200 invented classes that two sybils both teach",
         [this] { return invent(kLiar, 200, 1) + invent(kLiar + 1, 200, 1); }},
    };
  }

  void row(const std::string& what, std::size_t teachers, const Lie& lie) {
    const auto figures = [&](const AdmissionRules& rules, bool cautious) {
      begin(rules, teachers);
      refused_ = lie();
      const PoisonedClasses::Recall recall = classes_.recall(cautious);
      return fmt::format("{:.1f}, {:.1f}", 100 * recall.all, 100 * recall.mean_of(new_));
    };
    const std::string none = figures(PoisonedClasses::no_rules(), false);
    const std::string rules = figures(AdmissionRules::usual(), false);
    const std::string cautious = figures(AdmissionRules::usual(), true);
    fmt::print("| {} | {} | {} | {} | {} |\n", what, refused_, none, rules, cautious);
  }

  // What weighing the loudest teacher down further would be worth, and cost.
  void weights() {
    fmt::print(
        "\n| most of the next, always counted | moved, 1 teacher | moved, 3 teachers | honest, of 200, 20 and 5 "
        "pictures |\n");
    fmt::print("|---|---|---|---|\n");
    for (const auto& [next, always] : {std::pair(2U, 50U), std::pair(2U, 20U), std::pair(1U, 20U), std::pair(1U, 5U)}) {
      AdmissionRules rules = AdmissionRules::usual();
      rules.most_of_next = next;
      rules.always_counted = always;
      std::string cells;
      for (const std::size_t teachers : {std::size_t{1}, std::size_t{3}}) {
        begin(rules, teachers);
        move_all(kLiar);
        cells += fmt::format(" {:.1f} |", 100 * classes_.recall().all);
      }
      classes_.begin(rules);
      for (const std::string& name : names_) {
        classes_.say(0, name, classes_.state(name, 0, 200));
        classes_.say(1, name, classes_.state(name, 200, 20));
        classes_.say(2, name, classes_.state(name, 220, 5));
      }
      fmt::print("| {}, {} |{} {:.1f} |\n", next, always, cells, 100 * classes_.recall().all);
    }
  }

  // Honest clients that each teach classes of their own; beside them, it may be, one that invents classes near these.
  void alone(std::size_t base, std::size_t each, std::size_t clients, std::size_t invented) {
    classes_.begin(AdmissionRules::usual(), base);
    std::set<std::string> taught;
    for (const std::string& name : new_) {
      if (taught.size() == each * clients) break;
      classes_.say(static_cast<std::uint32_t>(taught.size() / each), name, classes_.state(name, 0, 14));
      taught.insert(name);
    }
    auto near = taught.begin();
    for (std::size_t i = 0; i < invented; ++i) {
      lie(kLiar, "invented " + std::to_string(i), classes_.state(*near, 14, 1));
      if (++near == taught.end()) near = taught.begin();
    }
    fmt::print("| {} | {} client{}, {} classes each{} | {:.1f} | {:.1f} |\n", base, clients, clients == 1 ? "" : "s",
               each, invented == 0 ? "" : fmt::format("; {} invented near them", invented),
               100 * classes_.recall(false).mean_of(taught), 100 * classes_.recall(true).mean_of(taught));
  }

  void honest_refusals(const std::vector<std::size_t>& sizes) {
    classes_.begin(AdmissionRules::usual());
    std::size_t said = 0;
    std::size_t refused = 0;
    for (const std::string& name : names_)
      for (const std::size_t size : sizes)
        for (std::size_t first = 0; first + size <= std::min<std::size_t>(300, sizes.back()); first += size) {
          if (first + size > 15 && sizes.back() == 15) break;
          refused += lie(static_cast<std::uint32_t>(said++), name, classes_.state(name, first, size));
        }
    fmt::print("\nOf {} honest states, of 1 to {} pictures, {} are refused.\n", said, sizes.back(), refused);
  }

  PoisonedClasses classes_;
  std::vector<std::string> names_;
  std::set<std::string> new_;
  std::size_t refused_ = 0;
};

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) throw InputError("poison_study ENCODER KIND [PATH]");
  Pretrained pretrained = load_pretrained(arguments[0]);
  const DatasetPair data = open_dataset(arguments[1], arguments.size() > 2 ? arguments[2] : "");
  Embedder embedder(Encoder::decode(pretrained.encoder), 1);
  const bool few = data.train.classes == data.test.classes;
  Pictures pictures = pictures_of(data, embedder, few ? 100 : 5);
  PoisonStudy study({std::move(pretrained), std::move(pictures.to_learn), std::move(pictures.to_test)});
  few ? study.few_classes() : study.many_classes();
  return 0;
}

}  // namespace
}  // namespace outrider::simulations

int main(int argc, char** argv) {
  try {
    return outrider::simulations::run({argv + 1, argv + argc});
  } catch (const outrider::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
