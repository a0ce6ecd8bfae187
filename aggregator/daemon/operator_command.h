// The verbs `outrider client list`, `show` and `remove`: what the operator of an aggregator asks about its clients.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "aggregator/daemon/server_family.h"

namespace CLI {
class App;
}

namespace outrider::aggregator {

struct OperatorOptions {
  std::shared_ptr<ServerFamilies> families;  // of the state
  std::filesystem::path state;               // the aggregator's
  std::string who;                           // a client
  bool forget = false;
  bool yes = false;
  bool json = false;
};

struct ListCommand : OperatorOptions {};
struct ShowCommand : OperatorOptions {};
struct RemoveCommand : OperatorOptions {};

void add_options(CLI::App& app, ListCommand& options);
void add_options(CLI::App& app, ShowCommand& options);
void add_options(CLI::App& app, RemoveCommand& options);
// Whether it is meant: asks, where --yes is not said, after `show_what_goes`. Throws InputError where nobody can be
// asked.
bool is_confirmed(const OperatorOptions& options, const std::function<void()>& show_what_goes);
// Takes `who` off the list and, to be forgotten, what it taught back. Returns the exit code.
int remove_client(const OperatorOptions& options, bool forget);
// Return the exit code; throw InputError as ask_operator() does.
int run_list(const ListCommand& options);
int run_show(const ShowCommand& options);
int run_remove(const RemoveCommand& options);

}  // namespace outrider::aggregator
