// A sequence of oneDNN primitives and kernels of our own, and the memory they need, planned before anything is
// allocated. Internal to this folder: only .cpp files include it.
//
// Building: buffer() announces a piece of memory, run() appends a primitive with the buffers it reads and writes. A
// transient buffer lives from the first step that names it to the last; buffers whose lives do not overlap share
// addresses. An Execution then owns the transient memory of one thread of work and runs ranges of steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "learners/nn/memory_block.h"

namespace outrider::nn {

const dnnl::engine& cpu_engine();

// Scratchpads are ours, so that no primitive allocates while it runs.
dnnl::primitive_attr user_scratchpad();

enum class Lifetime {
  kTransient,   // while steps use it; one per Execution
  kStaging,     // all the time; one per Execution
  kPersistent,  // all the time; one per Program: weights and what is derived from them
};

struct BufferId {
  std::size_t index = 0;
};

struct Use {
  int argument = 0;  // DNNL_ARG_...
  dnnl::memory::desc desc;
  BufferId buffer;
};

// A step that is not oneDNN's: works on whole buffers, in the order in which run() was given them. Called from one
// thread, under the ThreadScope of the plan.
using Kernel = std::function<void(std::span<const std::span<float>> buffers)>;

class Program {
 public:
  BufferId buffer(std::size_t bytes, Lifetime lifetime);
  BufferId buffer(const dnnl::memory::desc& desc, Lifetime lifetime) { return buffer(desc.get_size(), lifetime); }

  // Appends a step; adds the scratchpad that the primitive asks for.
  void run(const dnnl::primitive_desc_base& primitive, std::vector<Use> uses);
  void run(std::string name, Kernel kernel, std::vector<BufferId> buffers);
  // Appends a copy of `from` into `to` that changes the layout.
  void reorder(const dnnl::memory::desc& from_desc, BufferId from, const dnnl::memory::desc& to_desc, BufferId to);

  std::size_t step_count() const { return steps_.size(); }
  // The name of each step's implementation, for example "jit:avx512_core".
  std::vector<std::string> implementations() const;

  // Ends building: places the buffers.
  void place();
  std::size_t persistent_bytes() const { return persistent_bytes_; }
  std::size_t execution_bytes() const { return execution_bytes_; }

 private:
  friend class Execution;
  struct Buffer {
    std::size_t bytes = 0;
    Lifetime lifetime = Lifetime::kTransient;
    std::size_t first_step = SIZE_MAX;
    std::size_t last_step = 0;
    std::size_t offset = 0;
  };
  struct PrimitiveStep {
    dnnl::primitive_desc_base primitive;
    std::vector<Use> uses;
  };
  struct KernelStep {
    std::string name;
    Kernel kernel;
    std::vector<BufferId> buffers;
  };

  void note_use(BufferId buffer);

  std::vector<Buffer> buffers_;
  std::vector<std::variant<PrimitiveStep, KernelStep>> steps_;
  std::size_t persistent_bytes_ = 0;
  std::size_t execution_bytes_ = 0;
};

// One instance of a placed program. Several may share the persistent block and run at the same time.
class Execution {
 public:
  // `persistent` has program.persistent_bytes() and outlives this. Creates (and so compiles) the primitives.
  Execution(const Program& program, std::span<std::byte> persistent);

  // Runs steps [first, last). Throws std::runtime_error if oneDNN reports a failure.
  void run(std::size_t first, std::size_t last);

  // The whole of a buffer as floats; contents of transient buffers are only meaningful between their steps.
  std::span<float> floats(BufferId buffer) const { return addresses_[buffer.index]; }

 private:
  struct PrimitiveCommand {
    dnnl::primitive primitive;
    std::vector<dnnl_exec_arg_t> arguments;
  };
  struct KernelCommand {
    Kernel kernel;
    std::vector<std::span<float>> buffers;
  };
  using Command = std::variant<PrimitiveCommand, KernelCommand>;

  Command command(const Program::PrimitiveStep& step);
  Command command(const Program::KernelStep& step);
  dnnl_status_t run(const PrimitiveCommand& command) const;
  dnnl_status_t run(const KernelCommand& command) const;

  MemoryBlock block_;
  std::vector<std::span<float>> addresses_;
  std::vector<dnnl::memory> memories_;  // keeps alive what the commands name
  std::vector<Command> commands_;
  dnnl::stream stream_;
};

}  // namespace outrider::nn
