#include "learners/nn/program.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <string>

namespace outrider::nn {

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

BufferId Program::buffer(std::size_t bytes, Lifetime lifetime) {
  buffers_.push_back({.bytes = bytes, .lifetime = lifetime});
  return {buffers_.size() - 1};
}

void Program::run(const dnnl::primitive_desc_base& primitive, std::vector<Use> uses) {
  const dnnl::memory::desc scratchpad = primitive.query_md(dnnl::query::scratchpad_md);
  if (scratchpad.get_size() > 0)
    uses.push_back({DNNL_ARG_SCRATCHPAD, scratchpad, buffer(scratchpad, Lifetime::kTransient)});
  for (const Use& use : uses) {
    assert(use.desc.get_size() <= buffers_[use.buffer.index].bytes);
    note_use(use.buffer);
  }
  steps_.emplace_back(PrimitiveStep{primitive, std::move(uses)});
}

void Program::run(std::string name, Kernel kernel, std::vector<BufferId> buffers) {
  for (const BufferId buffer : buffers) note_use(buffer);
  steps_.emplace_back(KernelStep{std::move(name), std::move(kernel), std::move(buffers)});
}

void Program::reorder(const dnnl::memory::desc& from_desc, BufferId from, const dnnl::memory::desc& to_desc,
                      BufferId to) {
  const dnnl::reorder::primitive_desc primitive(cpu_engine(), from_desc, cpu_engine(), to_desc, user_scratchpad());
  run(primitive, {{DNNL_ARG_FROM, from_desc, from}, {DNNL_ARG_TO, to_desc, to}});
}

void Program::note_use(BufferId buffer) {
  Buffer& used = buffers_[buffer.index];
  used.first_step = std::min(used.first_step, steps_.size());
  used.last_step = std::max(used.last_step, steps_.size());
}

std::vector<std::string> Program::implementations() const {
  std::vector<std::string> names;
  for (const auto& step : steps_) {
    const auto* primitive = std::get_if<PrimitiveStep>(&step);
    names.emplace_back(primitive ? primitive->primitive.impl_info_str() : std::get<KernelStep>(step).name);
  }
  return names;
}

void Program::place() {
  std::vector<Interval> persistent(buffers_.size());
  std::vector<Interval> execution(buffers_.size());
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const Buffer& buffer = buffers_[i];
    const bool used = buffer.first_step != SIZE_MAX;
    if (buffer.lifetime == Lifetime::kPersistent)
      persistent[i] = {buffer.bytes, 0, SIZE_MAX};
    else if (buffer.lifetime == Lifetime::kStaging)
      execution[i] = {buffer.bytes, 0, SIZE_MAX};
    else if (used)
      execution[i] = {buffer.bytes, buffer.first_step, buffer.last_step};
  }
  const Placement persistent_placement = nn::place(persistent);
  const Placement execution_placement = nn::place(execution);
  persistent_bytes_ = persistent_placement.bytes;
  execution_bytes_ = execution_placement.bytes;
  for (std::size_t i = 0; i < buffers_.size(); ++i)
    buffers_[i].offset = buffers_[i].lifetime == Lifetime::kPersistent ? persistent_placement.offsets[i]
                                                                       : execution_placement.offsets[i];
}

Execution::Execution(const Program& program, std::span<std::byte> persistent)
    : block_(program.execution_bytes()), stream_(cpu_engine()) {
  assert(persistent.size() == program.persistent_bytes());
  for (const Program::Buffer& buffer : program.buffers_) {
    const auto memory = buffer.lifetime == Lifetime::kPersistent ? persistent : block_.bytes();
    const bool placed = buffer.lifetime != Lifetime::kTransient || buffer.first_step != SIZE_MAX;
    const auto bytes = placed ? memory.subspan(buffer.offset, buffer.bytes) : std::span<std::byte>();
    addresses_.emplace_back(reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float));
  }
  for (const auto& step : program.steps_)
    commands_.push_back(std::visit([this](const auto& each) { return command(each); }, step));
}

Execution::Command Execution::command(const Program::PrimitiveStep& step) {
  PrimitiveCommand command{dnnl::primitive(step.primitive.get()), {}};
  for (const Use& use : step.uses) {
    memories_.emplace_back(use.desc, cpu_engine(), addresses_[use.buffer.index].data());
    command.arguments.push_back({use.argument, memories_.back().get()});
  }
  return command;
}

Execution::Command Execution::command(const Program::KernelStep& step) {
  KernelCommand command{step.kernel, {}};
  for (const BufferId buffer : step.buffers) command.buffers.push_back(addresses_[buffer.index]);
  return command;
}

dnnl_status_t Execution::run(const PrimitiveCommand& command) const {
  // The C function: the C++ one allocates a table of arguments a call.
  return dnnl_primitive_execute(command.primitive.get(), stream_.get(), static_cast<int>(command.arguments.size()),
                                command.arguments.data());
}

dnnl_status_t Execution::run(const KernelCommand& command) const {
  command.kernel(command.buffers);
  return dnnl_success;
}

void Execution::run(std::size_t first, std::size_t last) {
  assert(first <= last && last <= commands_.size());
  for (std::size_t i = first; i < last; ++i) {
    const dnnl_status_t status = std::visit([this](const auto& each) { return run(each); }, commands_[i]);
    if (status != dnnl_success)
      throw std::runtime_error("oneDNN could not execute step " + std::to_string(i) + " of a network: status " +
                               std::to_string(static_cast<int>(status)));
  }
}

}  // namespace outrider::nn
