// How the program's verbs show their help and name mistakes in the command line.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace outrider {

// Shows help of at most 100 columns.
std::shared_ptr<CLI::FormatterBase> help_formatter();

// Of this verb, whichever was chosen: the parser's own help() is that of the chosen one below it.
std::string help_of(const CLI::App& verb);

// What is wrong with the command line, as one sentence of ours whatever the parser calls it: an unknown word first,
// since it is the likely cause of anything that seems to be missing, with the one that was probably meant.
std::string usage_mistake(const CLI::App& app, const CLI::ParseError& error);

// The verb of this name below `app`, as far down as `words` lead. Throws InputError, which names the verbs that there
// are.
const CLI::App& verb_named(const CLI::App& app, const std::vector<std::string>& words);

// Makes sure that everything printed has arrived. Throws InputError when it has not, for example on a full disk.
void flush_results();

}  // namespace outrider
