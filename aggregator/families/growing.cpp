#include "aggregator/families/growing.h"

#include "learners/growing/merge.h"

namespace outrider::aggregator {
namespace {

class GrowingServer : public ServerFamily {
 public:
  std::unique_ptr<Family> make(const ClientId& /*aggregator*/) const override {
    return std::make_unique<growing::GrowingFamily>();
  }
};

}  // namespace

std::unique_ptr<ServerFamily> growing_family() {
  return std::make_unique<GrowingServer>();
}

}  // namespace outrider::aggregator
