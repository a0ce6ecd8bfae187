#include "aggregator/daemon/operator_command.h"

#include <chrono>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "aggregator/daemon/operator_service.h"
#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/utf8.h"

namespace outrider::aggregator {
namespace {

void add_state(CLI::App& app, OperatorOptions& options) {
  app.add_option("--state", options.state, "The aggregator's directory; it may be running or not")->required();
  app.add_flag("--json", options.json, "As JSON");
}

void add_client(CLI::App& app, OperatorOptions& options) {
  app.add_option("client", options.who, "Its name, or its id: the first four digits or more")->required();
}

void check_who(const std::string& who) {
  if (who.empty() || who.size() > kMostWho)
    throw InputError("a client is named by 1 to " + std::to_string(kMostWho) + " bytes");
}

std::string seen(const Account& account) {
  if (account.connected) return "now";
  if (account.seen == 0) return "-";
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(account.seen)));
}

nlohmann::json to_json(const Account& account, bool with_taught) {
  nlohmann::json json{{"id", account.id.hex()},
                      {"name", account.name},
                      {"connected", account.connected},
                      {"last_seen", account.seen == 0 ? nlohmann::json() : nlohmann::json(account.seen)},
                      {"contributions_accepted", account.accepted},
                      {"topics", account.topics}};
  if (!with_taught) return json;
  json["taught"] = nlohmann::json::array();
  for (const Taught& taught : account.taught)
    json["taught"].push_back({{"kind", taught.topic.kind},
                              {"space", taught.topic.space.hex()},
                              {"class", taught.topic.subject},
                              {"pictures", taught.pictures == 0 ? nlohmann::json() : nlohmann::json(taught.pictures)}});
  return json;
}

std::string title(const Account& account) {
  return account.id.brief() + (account.name.empty() ? "" : " (" + utf8::printable(account.name) + ")");
}

std::uint64_t pictures(const Account& account) {
  std::uint64_t sum = 0;
  for (const Taught& taught : account.taught) sum += taught.pictures;
  return sum;
}

// "5 classes from 1200 pictures", "2 topics".
std::string extent(const Account& account) {
  const std::uint64_t sum = pictures(account);
  if (sum == 0) return counted(account.taught.size(), "topic", "topics");
  return counted(account.taught.size(), "class", "classes") + " from " + counted(sum, "picture", "pictures");
}

Account account_of(const OperatorOptions& options) {
  check_who(options.who);
  auto answer = std::get<Clients>(ask_operator(options.state, ShowClient{options.who}, *options.families));
  if (answer.accounts.size() != 1) throw InputError("the aggregator's answer names no client");
  return std::move(answer.accounts.front());
}

void print_taught(const Account& account) {
  for (const Taught& taught : account.taught)
    fmt::print("  {}{}\n", utf8::printable(taught.topic.subject),
               taught.pictures == 0 ? "" : "  " + counted(taught.pictures, "picture", "pictures"));
}

void show_what_goes(const Account& account) {
  fmt::print("All that client {} has taught will be taken back: {}.\n", title(account), extent(account));
  print_taught(account);
  if (account.connected) fmt::print("It is connected: what it sends from now on counts again.\n");
}

}  // namespace

bool is_confirmed(const OperatorOptions& options, const std::function<void()>& show_what_goes) {
  if (options.yes) return true;
  if (isatty(STDIN_FILENO) == 0)
    throw InputError(
        "what is forgotten cannot be brought back, and there is no terminal to ask at: say --yes to go on");
  show_what_goes();
  std::cout << "This cannot be undone. Go on? [y/N] " << std::flush;
  std::string reply;
  std::getline(std::cin, reply);
  if (reply == "y" || reply == "Y" || reply == "yes") return true;
  std::cout << "nothing was changed\n";
  return false;
}

void add_options(CLI::App& app, ListCommand& options) {
  add_state(app, options);
}

void add_options(CLI::App& app, ShowCommand& options) {
  add_client(app, options);
  add_state(app, options);
}

void add_options(CLI::App& app, RemoveCommand& options) {
  add_client(app, options);
  add_state(app, options);
  app.add_flag("--forget", options.forget,
               "Take back all that it taught, as if it had never taken part. What rounds of training a model have made "
               "of its updates stays");
  app.add_flag("--yes", options.yes, "Do not ask");
}

int run_list(const ListCommand& options) {
  std::vector<Account> accounts;
  for (bool more = true; more;) {
    auto page = std::get<Clients>(ask_operator(
        options.state, ListClients{accounts.empty() ? ClientId{} : accounts.back().id}, *options.families));
    more = page.more && !page.accounts.empty();
    std::ranges::move(page.accounts, std::back_inserter(accounts));
  }
  if (options.json) {
    nlohmann::json list = nlohmann::json::array();
    for (const Account& account : accounts) list.push_back(to_json(account, false));
    std::cout << json_text(list, 2) << '\n';
    return 0;
  }
  fmt::print("{:<8}  {:<16}  {:>8}  {:>6}  {}\n", "id", "last seen", "accepted", "topics", "name");
  for (const Account& account : accounts)
    fmt::print("{:<8}  {:<16}  {:>8}  {:>6}  {}\n", account.id.brief(), seen(account), account.accepted, account.topics,
               utf8::printable(account.name));
  return 0;
}

int run_show(const ShowCommand& options) {
  const Account account = account_of(options);
  if (options.json) {
    std::cout << json_text(to_json(account, true), 2) << '\n';
    return 0;
  }
  fmt::print("client {}, id {}, last seen: {}, {} accepted, teaches {}\n", utf8::printable(account.name),
             account.id.hex(), seen(account), counted(account.accepted, "contribution", "contributions"),
             extent(account));
  print_taught(account);
  return 0;
}

int run_remove(const RemoveCommand& options) {
  return remove_client(options, options.forget);
}

int remove_client(const OperatorOptions& options, bool forget) {
  const Account account = account_of(options);
  if (forget && !is_confirmed(options, [&] { show_what_goes(account); })) return 1;
  const Account removed =
      std::get<Removed>(ask_operator(options.state, RemoveClient{account.id.hex(), forget}, *options.families)).account;
  if (options.json) {
    nlohmann::json json = to_json(removed, true);
    json["forgotten"] = forget;
    std::cout << json_text(json, 2) << '\n';
  } else if (forget) {
    fmt::print("client {} is forgotten: {} taken back\n", title(removed), extent(removed));
  } else {
    fmt::print("client {} is off the list; what it taught stays: {}\n", title(removed), extent(removed));
  }
  return 0;
}

}  // namespace outrider::aggregator
