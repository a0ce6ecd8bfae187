#include "command_line.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>

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

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() {
  return std::make_shared<HelpFormatter>();
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
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string text = error.what();
    return text.substr(0, text.find(':')) + " needs a value";
  }
  return error.what();
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
