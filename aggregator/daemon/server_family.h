// What an aggregator does with a family of learners beside merging: its options on the command line. Every family
// brings one; families/families.h lists them, and nothing else at an aggregator names one.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aggregator/core/core.h"
#include "aggregator/daemon/identity.h"
#include "knowledge/family.h"

namespace CLI {
class App;
}

namespace outrider::aggregator {

class ServerFamily {
 public:
  virtual ~ServerFamily() = default;

  // The options of `outrider aggregator` that only this family has. The family must outlive the app.
  virtual void add_options(CLI::App& /*app*/) {}
  // Throws InputError where its options do not fit each other.
  virtual void check() const {}
  // How it merges at that aggregator.
  virtual std::unique_ptr<Family> make(const Self& self) const = 0;
};

// One without options.
template <typename Merging>
class PlainServerFamily : public ServerFamily {
 public:
  std::unique_ptr<Family> make(const Self& /*self*/) const override { return std::make_unique<Merging>(); }
};

// What clients are to learn with, and what the aggregator itself says to begin with.
struct Published {
  Bytes definition;  // see knowledge/definition.h
  std::vector<BaseKnowledge> base;
};

struct ServerFamilies {
  std::vector<std::unique_ptr<ServerFamily>> families;
  // Reads a file of --pretrained; throws InputError, which names it.
  std::function<Published(const std::filesystem::path& file)> read;

  // What a core is made with.
  std::vector<std::unique_ptr<Family>> make(const Self& self) const;
};

}  // namespace outrider::aggregator
