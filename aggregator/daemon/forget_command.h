// The verb `outrider forget`: what the operator of an aggregator wants never to have been taught.
#pragma once

#include "aggregator/daemon/operator_command.h"

namespace outrider::aggregator {

struct ForgetCommand : OperatorOptions {  // `who` is forgotten, or:
  std::string class_name;
  bool list = false;  // what was forgotten before
};

void add_options(CLI::App& app, ForgetCommand& options);
// Returns the exit code; throws InputError as ask_operator() does.
int run_forget(const ForgetCommand& options);

}  // namespace outrider::aggregator
