#include <cassert>
#include <cmath>

#include "knowledge/wire.h"
#include "learners/half.h"
#include "learners/prototypical/class_state.capnp.h"
#include "learners/prototypical/class_state.h"

namespace outrider {
namespace {

// Two float32 vectors of the largest dimension and their frame.
constexpr wire::Limits kWireLimits{2 * sizeof(float) * kMaxDimension + 4096, 8};

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

void write_float32(std::span<const float> values, wire::Vector::Builder builder) {
  auto list = builder.initFloat32(static_cast<unsigned>(values.size()));
  for (unsigned j = 0; j < list.size(); ++j) list.set(j, values[j]);
}

// The scale takes the largest component into [2^14, 2^15), so that nothing overflows and as little as possible is
// subnormal.
void write_float16(std::span<const float> values, wire::Vector::Builder builder) {
  const float largest = largest_magnitude(values);
  const float scale = largest > 0 ? std::max(std::ldexp(1.0f, std::ilogb(largest) - 14), 0x1p-126f) : 1.0f;
  builder.setScale(scale);
  auto list = builder.initFloat16(static_cast<unsigned>(values.size()));
  for (unsigned j = 0; j < list.size(); ++j) list.set(j, to_half(values[j] / scale));
}

void write_int8(std::span<const float> values, wire::Vector::Builder builder) {
  const float largest = largest_magnitude(values);
  const float scale = largest > 0 ? std::max(largest / 127, 0x1p-126f) : 1.0f;
  builder.setScale(scale);
  auto list = builder.initInt8(static_cast<unsigned>(values.size()));
  for (unsigned j = 0; j < list.size(); ++j)
    list.set(j, static_cast<std::int8_t>(std::clamp(std::nearbyint(values[j] / scale), -127.0f, 127.0f)));
}

void write(std::span<const float> values, Precision precision, wire::Vector::Builder builder) {
  switch (precision) {
    case Precision::float32:
      return write_float32(values, builder);
    case Precision::float16:
      return write_float16(values, builder);
    case Precision::int8:
      return write_int8(values, builder);
  }
}

template <typename List, typename Value>
std::vector<float> read_list(List list, const std::string& what, Value&& value) {
  if (list.size() < 1 || list.size() > kMaxDimension)
    throw InputError(what + " has " + std::to_string(list.size()) + " components; expected 1 to " +
                     std::to_string(kMaxDimension));
  std::vector<float> values(list.size());
  for (unsigned j = 0; j < list.size(); ++j) {
    values[j] = value(list[j]);
    if (!std::isfinite(values[j]))
      throw InputError(what + " has component " + std::to_string(j) + " = " + std::to_string(values[j]) +
                       "; expected finite numbers");
  }
  return values;
}

std::vector<float> read(wire::Vector::Reader reader, const std::string& what) {
  const float scale = reader.getScale();
  const bool scaled = !reader.isFloat32();
  if (scaled && !(std::isnormal(scale) && scale > 0))
    throw InputError(what + " has the scale " + std::to_string(scale) + "; expected a positive number");
  switch (reader.which()) {
    case wire::Vector::FLOAT32:
      return read_list(reader.getFloat32(), what, [](float value) { return value; });
    case wire::Vector::FLOAT16:
      return read_list(reader.getFloat16(), what, [&](std::uint16_t half) { return from_half(half) * scale; });
    case wire::Vector::INT8:
      return read_list(reader.getInt8(), what, [&](std::int8_t value) { return static_cast<float>(value) * scale; });
  }
  throw InputError(what + " has an encoding that this version does not know");
}

void require_within(const ClassState& state, const ClassStateLimits& limits, const std::string& what) {
  if (state.count < 1 || state.count > limits.count)
    throw InputError(what + " has the count " + std::to_string(state.count) + "; expected 1 to " +
                     std::to_string(limits.count));
  for (const float component : state.sum)
    if (std::fabs(static_cast<double>(component)) > limits.sum)
      throw InputError(what + " has a sum of magnitude " + std::to_string(component) + "; expected at most " +
                       std::to_string(limits.sum));
  for (std::size_t j = 0; j < state.deviations.size(); ++j) {
    const double deviation = static_cast<double>(state.deviations[j]);
    const double sum = static_cast<double>(state.sum[j]);
    if (deviation < 0) throw InputError(what + " has a negative sum of squared deviations");
    if (deviation + sum * sum / static_cast<double>(state.count) > limits.squares)
      throw InputError(what + " has a sum of squares above " + std::to_string(limits.squares) +
                       "; the embeddings are too large");
  }
}

ClassState read(wire::ClassState::Reader reader, const ClassStateLimits& limits, const std::string& what) {
  ClassState state;
  state.count = reader.getCount();
  state.sum = read(reader.getSum(), what + ": the sum");
  if (reader.hasDeviations()) {
    state.deviations = read(reader.getDeviations(), what + ": the deviations");
    if (state.deviations.size() != state.sum.size())
      throw InputError(what + " has " + std::to_string(state.deviations.size()) + " deviations; expected " +
                       std::to_string(state.sum.size()) + ", one per component of the sum");
  }
  state.sole_teacher = reader.getSoleTeacher();
  require_within(state, limits, what);
  return state;
}

// Segment table, root pointer and the state's fields; also for what a later version adds, or more segments take.
constexpr std::size_t kFrameBytes = 8 + 8 + 32 + 64;

// Its fields, the components, and what fills the last word.
std::size_t vector_bytes(std::size_t dimension, Precision precision) {
  const std::size_t each = precision == Precision::float32 ? 4 : precision == Precision::float16 ? 2 : 1;
  return 16 + 7 + dimension * each;
}

std::size_t vector_bytes(wire::Vector::Reader vector) {
  if (vector.isFloat32()) return vector_bytes(vector.getFloat32().size(), Precision::float32);
  if (vector.isFloat16()) return vector_bytes(vector.getFloat16().size(), Precision::float16);
  return vector.isInt8() ? vector_bytes(vector.getInt8().size(), Precision::int8) : 0;
}

}  // namespace

std::size_t most_state_bytes(std::size_t dimension) {
  return kFrameBytes + 2 * vector_bytes(dimension, Precision::float32);
}

void require_no_padding(ByteView bytes, const std::string& what) {
  const std::size_t most = wire::read<wire::ClassState>(
      bytes, what,
      [](wire::ClassState::Reader reader) {
        return kFrameBytes + vector_bytes(reader.getSum()) +
               (reader.hasDeviations() ? vector_bytes(reader.getDeviations()) : 0);
      },
      kWireLimits);
  if (bytes.size() > most)
    throw InputError(what + " has " + std::to_string(bytes.size()) + " bytes; what it holds takes at most " +
                     std::to_string(most));
}

Bytes encode(const ClassState& state, Precision precision) {
  assert(state.dimension() >= 1 && state.dimension() <= kMaxDimension);
  assert(!state.keeps_deviations() || state.deviations.size() == state.dimension());
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::ClassState>();
  builder.setCount(state.count);
  builder.setSoleTeacher(state.sole_teacher);
  write(state.sum, precision, builder.initSum());
  if (state.keeps_deviations()) write(state.deviations, precision, builder.initDeviations());
  return wire::flatten(message);
}

ClassState decode_class_state(ByteView bytes, const ClassStateLimits& limits, const std::string& what) {
  return wire::read<wire::ClassState>(
      bytes, what, [&](wire::ClassState::Reader reader) { return read(reader, limits, what); }, kWireLimits);
}

}  // namespace outrider
