#include "aggregator/daemon/forget_command.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aggregator/daemon/operator_service.h"
#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/utf8.h"

namespace outrider::aggregator {
namespace {

int list_forgettings(const ForgetCommand& options) {
  const auto forgettings = std::get<Forgettings>(ask_operator(options.state, ListForgettings{}, *options.families));
  if (options.json) {
    nlohmann::json list = nlohmann::json::array();
    for (const Forgetting& one : forgettings.all)
      list.push_back({{"when", one.when == 0 ? nlohmann::json() : nlohmann::json(one.when)},
                      {"what", one.what},
                      {"contributions", one.contributions}});
    std::cout << json_text(list, 2) << '\n';
    return 0;
  }
  if (forgettings.all.empty()) std::cout << "nothing has been forgotten\n";
  for (const Forgetting& one : forgettings.all)
    fmt::print("{}  {}: {}\n",
               one.when == 0 ? "at an unknown time"
                             : fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(one.when))),
               utf8::printable(one.what), counted(one.contributions, "contribution"));
  return 0;
}

int forget_class(const ForgetCommand& options) {
  if (options.class_name.empty() || options.class_name.size() > kMostWho)
    throw InputError(fmt::format("a class is named by 1 to {} bytes", kMostWho));
  const bool go_on = is_confirmed(options, [&] {
    fmt::print(
        "All that anybody has taught on {} will be taken back. Whoever is connected and has pictures of it may\n"
        "teach it again.\n",
        utf8::quoted(options.class_name));
  });
  if (!go_on) return 1;
  const auto forgotten =
      std::get<Forgotten>(ask_operator(options.state, ForgetClass{options.class_name}, *options.families));
  if (options.json)
    std::cout << json_text({{"class", options.class_name},
                            {"contributions", forgotten.contributions},
                            {"clients", forgotten.clients}},
                           2)
              << '\n';
  else
    fmt::print("class {} is forgotten: {} of {} taken back\n", utf8::quoted(options.class_name),
               counted(forgotten.contributions, "contribution"), counted(forgotten.clients, "client"));
  return 0;
}

}  // namespace

void add_options(CLI::App& app, ForgetCommand& options) {
  CLI::Option* client =
      app.add_option("--client", options.who, "All that a client has taught: its name, or the first digits of its id");
  CLI::Option* name = app.add_option("--class", options.class_name, "All that anybody has taught on a class");
  app.add_flag("--list", options.list, "Nothing: tell when something was forgotten")->excludes(client)->excludes(name);
  client->excludes(name);
  app.add_option("--state", options.state, "The aggregator's directory; it may be running or not")->required();
  app.add_flag("--yes", options.yes, "Do not ask");
  app.add_flag("--json", options.json, "As JSON");
}

int run_forget(const ForgetCommand& options) {
  if (options.list) return list_forgettings(options);
  if (!options.class_name.empty()) return forget_class(options);
  if (options.who.empty()) throw InputError("what is to be forgotten? Expected --client, --class or --list");
  return remove_client(options, true);
}

}  // namespace outrider::aggregator
