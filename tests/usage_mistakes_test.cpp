// Mistakes in the command line, of every kind that the parser knows: none is said in the parser's own words.
#include <functional>
#include <map>
#include <regex>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>

#include "command_line.h"
#include "tests/mistakes.h"
#include "tests/verbs.h"

namespace outrider::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Of CLI11's Error.hpp.
const std::vector<std::string> kParsersWords{"Could not",    "required but received",
                                             "At Most",      "At least",
                                             "Expected ",    "missing?",
                                             "subcommand",   "argument",
                                             "not allowed",  "INI",
                                             "You should",   "not found",
                                             " excludes --", " requires --",
                                             "Runtime",      "Successfully",
                                             "override",     "TEXT",
                                             "UINT",         "true/false",
                                             "Construction", "allowed value",
                                             "readable",     "positional"};

void expect_our_words(const std::string& sentence, const std::string& what) {
  EXPECT_NE(sentence, "") << what;
  for (const std::string& words : kParsersWords) EXPECT_THAT(sentence, Not(HasSubstr(words))) << what;
}

TEST(UsageMistake, OfEveryKindIsSaidInOurWords) {
  CLI::App app("a program");
  std::string text;
  app.add_option("--one", text)->expected(2, 3);
  app.add_flag("--two");
  app.add_option("--three", text);
  using Thrown = std::function<void()>;
  const std::map<std::string, Thrown> kinds{
      {"RuntimeError", [] { throw CLI::RuntimeError(3); }},
      {"FileError", [] { throw CLI::FileError::Missing("x"); }},
      {"ConversionError", [] { throw CLI::ConversionError("--three", std::vector<std::string>{"\n\xff"}); }},
      {"ConversionError of a member", [] { throw CLI::ConversionError("x", std::string("--three")); }},
      {"ConversionError of a flag", [] { throw CLI::ConversionError::TooManyInputsFlag("--two"); }},
      {"ConversionError of no truth", [] { throw CLI::ConversionError::TrueFalse("--two"); }},
      {"ConversionError of nothing", [] { throw CLI::ConversionError("Could not convert"); }},
      {"RequiredError", [] { throw CLI::RequiredError("--one"); }},
      {"RequiredError of a verb", [] { throw CLI::RequiredError::Subcommand(1); }},
      {"RequiredError of verbs", [] { throw CLI::RequiredError::Subcommand(2); }},
      {"RequiredError of a group", [] { throw CLI::RequiredError::Option(1, 1, 0, "--one, --two"); }},
      {"RequiredError of too many", [] { throw CLI::RequiredError::Option(1, 1, 2, "--one, --two"); }},
      {"RequiredError of several", [] { throw CLI::RequiredError::Option(2, 3, 1, "--one, --two"); }},
      {"ArgumentMismatch", [] { throw CLI::ArgumentMismatch("--one", 2, 1); }},
      {"ArgumentMismatch, at least", [] { throw CLI::ArgumentMismatch::AtLeast("--one", 2, 1); }},
      {"ArgumentMismatch, at most", [] { throw CLI::ArgumentMismatch::AtMost("--one", 3, 4); }},
      {"ArgumentMismatch of a type", [] { throw CLI::ArgumentMismatch::TypedAtLeast("--one", 1, "TEXT"); }},
      {"ArgumentMismatch of a flag", [] { throw CLI::ArgumentMismatch::FlagOverride("--two"); }},
      {"ArgumentMismatch of nothing", [] { throw CLI::ArgumentMismatch("argument"); }},
      {"RequiresError", [] { throw CLI::RequiresError("--one", "--two"); }},
      {"ExcludesError", [] { throw CLI::ExcludesError("--one", "--two"); }},
      {"ExtrasError",
       [] {
         throw CLI::ExtrasError({"x", "y"});
       }},
      {"ConfigError", [] { throw CLI::ConfigError::Extras("x"); }},
      {"ConfigError of what cannot be", [] { throw CLI::ConfigError::NotConfigurable("x"); }},
      {"InvalidError", [] { throw CLI::InvalidError("--one"); }},
      {"HorribleError", [] { throw CLI::HorribleError("x"); }},
      {"ParseError", [] { throw CLI::ParseError("argument", 77); }},
  };
  for (const auto& [kind, thrown] : kinds) {
    try {
      thrown();
      ADD_FAILURE() << kind;
    } catch (const CLI::ParseError& error) {
      expect_our_words(usage_mistake(app, error), kind);
    }
  }
}

// An option as its verb's help shows it.
struct ShownOption {
  std::string name;
  bool flag = false;
  bool several = false;
  std::string preset;  // a value that it takes; empty: none is shown
};

std::vector<ShownOption> options_of(const std::vector<std::string>& verb) {
  std::vector<std::string> arguments{"help"};
  arguments.insert(arguments.end(), verb.begin(), verb.end());
  const std::string text = run(arguments).output;
  static const std::regex row(R"(\n  (--[a-z-]+)( (?:TEXT|UINT|INT|FLOAT|ENUM)(=[^ \n]*)?( \.\.\.)?)?)");
  std::vector<ShownOption> options;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at)
    options.push_back(
        {(*at)[1], !(*at)[2].matched, (*at)[4].matched, (*at)[3].matched ? std::string((*at)[3]).substr(1) : ""});
  return options;
}

void expect_usage_mistake(const std::vector<std::string>& verb, const std::vector<std::string>& more,
                          const ::testing::Matcher<std::string>& said) {
  std::vector<std::string> arguments = verb;
  arguments.insert(arguments.end(), more.begin(), more.end());
  std::string what;
  for (const std::string& word : arguments) what += word + " ";
  const Outcome outcome = run(arguments);
  expect_complaint(outcome, kUsage, {"--help"});
  EXPECT_THAT(outcome.errors, said) << what;
  expect_our_words(outcome.errors, what);
}

TEST(UsageMistake, AtEveryOptionOfEveryVerbIsSaidInOurWords) {
  std::size_t options = 0;
  for (const auto& verb : every_verb()) {
    SCOPED_TRACE(verb.back());
    expect_usage_mistake(verb, {"--no-such-option"}, HasSubstr("no option --no-such-option"));
    expect_usage_mistake(verb, {"--no-such-option=\xff\n"}, HasSubstr("no option --no-such-option"));
    for (const ShownOption& option : options_of(verb)) {
      ++options;
      if (option.flag) {
        expect_usage_mistake(verb, {option.name + "=maybe"}, HasSubstr(option.name + " takes no value"));
        continue;
      }
      expect_usage_mistake(verb, {option.name}, HasSubstr(option.name + " needs a value"));
      if (!option.several && !option.preset.empty())
        expect_usage_mistake(verb, {option.name, option.preset, option.name, option.preset},
                             HasSubstr(option.name + " is given 2 times; it takes one value"));
    }
  }
  EXPECT_GT(options, 120U);
}

TEST(UsageMistake, OfOptionsThatDependOnEachOtherNamesBoth) {
  const std::vector<std::string> model{"model", "--classes", "a", "b", "--output", "x"};
  expect_usage_mistake(model, {"--width", "0.5"}, HasSubstr("--width is for use with --growing, which is not given"));
  expect_usage_mistake(
      model, {"--growing", "--strategy", "fedavg"},
      AnyOf(HasSubstr("--growing and --strategy exclude"), HasSubstr("--strategy and --growing exclude")));
  expect_usage_mistake({"compare", "one"}, {}, HasSubstr("runs needs at least 2 values, and 1 is given"));
}

}  // namespace
}  // namespace outrider::testing
