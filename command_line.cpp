#include "command_line.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "knowledge/nearest.h"
#include "knowledge/utf8.h"

namespace outrider {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kOptionColumns = 34;

// Broken between words into lines of at most `width`, which follow an indentation but for the first.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indentation) {
  std::string result;
  std::size_t used = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (used > 0 && used + 1 + word.size() > width) {
      result += '\n' + std::string(indentation, ' ');
      used = 0;
    }
    if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
    used += word.size();
  }
  return result;
}

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kOptionColumns); }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return row("  " + make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* verb) const override {
    return row("  " + verb->get_name(), verb->get_description());
  }
  std::string make_description(const CLI::App* app) const override {
    return wrapped(app->get_description(), kColumns, 0) + '\n';
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return wrapped(CLI::Formatter::make_usage(app, std::move(name)), kColumns, 4) + "\n\n";
  }
  std::string make_footer(const CLI::App* app) const override {
    std::string result;
    std::istringstream lines(app->get_footer());
    for (std::string line; std::getline(lines, line);)
      result += '\n' + std::string(line.starts_with("  ") ? "  " : "") + wrapped(line, kColumns - 4, 4);
    return result.empty() ? result : result + '\n';
  }

 private:
  static std::string row(std::string left, const std::string& description) {
    if (left.size() + 2 > kOptionColumns) left = wrapped(left, kColumns, 6) + '\n' + std::string(kOptionColumns, ' ');
    if (!left.starts_with("  ")) left = "  " + left;
    left.resize(std::max(left.size(), kOptionColumns), ' ');
    return left + wrapped(description, kColumns - kOptionColumns, kOptionColumns) + '\n';
  }
};

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> verbs;
  for (const CLI::App* known : app.get_subcommands({})) verbs.push_back(known->get_name());
  return verbs;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> options;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  return options;
}

// The innermost verb that was chosen.
const CLI::App& chosen(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : chosen(*verbs.front());
}

std::string no_verb(const CLI::App& app, const std::string& word) {
  const auto verbs = verbs_of(app);
  return fmt::format("{} is no verb{}; expected one of {}", utf8::quoted(word), did_you_mean(word, verbs),
                     fmt::join(verbs, ", "));
}

// What none of the options takes.
std::string unknown(const CLI::App& app, const CLI::App& verb, const std::string& word) {
  if (word.starts_with('-')) {
    const std::string name = word.substr(0, word.find('='));
    auto known = options_of(verb);
    if (&verb != &app) std::ranges::move(options_of(app), std::back_inserter(known));
    return fmt::format("there is no option {}{}", utf8::printable(name), did_you_mean(name, known));
  }
  if (!verbs_of(verb).empty()) return no_verb(verb, word);
  return fmt::format("{} was not expected here", utf8::quoted(word));
}

// The word after `start` in what the parser says, which is the name of an option wherever it names one.
std::string name_after(const std::string& sentence, const std::string& start) {
  const std::size_t at = sentence.find(start);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + start.size();
  return sentence.substr(begin, sentence.find_first_of(" :,", begin) - begin);
}

// Of the chosen verbs, the innermost first; null where there is none of that name.
const CLI::Option* option_named(const CLI::App& app, const std::string& name) {
  const auto verbs = app.get_subcommands();
  const CLI::Option* below = verbs.empty() ? nullptr : option_named(*verbs.front(), name);
  return below != nullptr ? below : app.get_option_no_throw(name);
}

// Too few values, or too many.
std::string mismatch(const CLI::App& app, const std::string& text) {
  const std::size_t ordered = text.find("arguments to ");
  const std::string name = name_after(text, ordered == std::string::npos ? "" : "arguments to ");
  const CLI::Option* option = option_named(app, name);
  if (option == nullptr) return "an option has too few values or too many";
  if (option->get_expected_max() == 0) return name + " takes no value";
  const bool at_the_end = text.ends_with(" missing");  // the option itself is the last word
  const auto given = static_cast<int>(option->results().size());
  const int least = option->get_items_expected_min(), most = option->get_items_expected_max();
  if (at_the_end || given == 0) return name + " needs a value";
  if (given < least) return fmt::format("{} needs at least {} values, and {} is given", name, least, given);
  if (most == 1) return fmt::format("{} is given {} times; it takes one value", name, given);
  return fmt::format("{} takes at most {} values, and {} are given", name, most, given);
}

// A value that its option cannot take, where no check of ours has said so before.
std::string misfit(const CLI::App& app, const std::string& text) {
  for (const char* start : {"Could not convert: ", "not an allowed value for ", ""}) {
    const std::string name = name_after(text, start);
    const CLI::Option* option = option_named(app, name);
    if (name.empty() || option == nullptr) continue;
    if (option->get_expected_max() == 0) return name + " takes no value";
    return fmt::format("{} is given {}, which is nothing it can be", name,
                       utf8::quoted(option->results().empty() ? "" : option->results().back()));
  }
  return "an option is given a value that it cannot have";
}

// What our own checks say, as it is; anything else so that it can be shown.
std::string checked(const std::string& sentence) {
  constexpr std::size_t kLongest = 4000;
  return utf8::objection(sentence, kLongest) ? utf8::printable(sentence, kLongest) : sentence;
}

template <typename... Kinds>
bool is_any(const CLI::ParseError& error) {
  return ((dynamic_cast<const Kinds*>(&error) != nullptr) || ...);
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() {
  return std::make_shared<HelpFormatter>();
}

std::string help_of(const CLI::App& verb) {
  return verb.get_formatter()->make_help(&verb, verb.get_name(), CLI::AppFormatMode::Normal);
}

std::string usage_mistake(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = chosen(app);
  const bool lacks = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (lacks || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const auto words = app.remaining(true);
    if (!words.empty()) return unknown(app, verb, words.front());
    if (lacks && !verbs_of(verb).empty() && verb.get_subcommands().empty() && verb.get_require_subcommand_min() > 0)
      return fmt::format("a verb is missing; expected one of {}", fmt::join(verbs_of(verb), ", "));
  }
  const std::string text = error.what();
  const auto pair = [&](const std::string& between) {
    return std::pair{name_after(text, ""), name_after(text, between)};
  };
  if (is_any<CLI::ArgumentMismatch>(error)) return mismatch(app, text);
  if (is_any<CLI::ConversionError>(error)) return misfit(app, text);
  if (is_any<CLI::ValidationError>(error)) return checked(text);
  if (const std::string name = name_after(text, ""); lacks && option_named(app, name) != nullptr)
    return name + " is required";
  if (is_any<CLI::RequiresError>(error)) {
    const auto [one, other] = pair(" requires ");
    return fmt::format("{} is for use with {}, which is not given", one, other);
  }
  if (is_any<CLI::ExcludesError>(error)) {
    const auto [one, other] = pair(" excludes ");
    return fmt::format("{} and {} exclude each other", one, other);
  }
  if (is_any<CLI::FileError>(error)) return "a file that the command line names cannot be read";
  if (is_any<CLI::ConfigError>(error)) return "settings are not read from files";
  return lacks ? "something that is required is missing" : "the command line cannot be understood";
}

const CLI::App& verb_named(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* verb = &app;
  for (const std::string& word : words) {
    const auto known = verb->get_subcommands({});
    const auto found = std::ranges::find_if(known, [&](const CLI::App* one) { return one->get_name() == word; });
    if (found == known.end()) throw InputError(no_verb(*verb, word));
    verb = *found;
  }
  return *verb;
}

void flush_results() {
  errno = 0;
  std::cout.flush();
  const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (!arrived)
    throw InputError(
        fmt::format("the results cannot be written: {}", errno != 0 ? std::strerror(errno) : "the output fails"));
}

}  // namespace outrider
