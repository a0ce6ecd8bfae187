#include "aggregator/families/supermask.h"

#include "learners/supermask/merge.h"

namespace outrider::aggregator {
namespace {

class SupermaskServer : public ServerFamily {
 public:
  std::unique_ptr<Family> make(const ClientId& /*aggregator*/) const override {
    return std::make_unique<SupermaskFamily>();
  }
};

}  // namespace

std::unique_ptr<ServerFamily> supermask_family() {
  return std::make_unique<SupermaskServer>();
}

}  // namespace outrider::aggregator
