#include "learners/growing/mixture_wire.h"

#include "learners/growing/growing.capnp.h"
#include "learners/growing/number_list.h"

namespace outrider::growing {
namespace {

constexpr wire::Limits kMixtureLimits{.bytes = kMaxMixtureBytes, .nesting = 4};

MixtureNetwork read_mixture(wire::GrowingMixture::Reader reader, const MixtureForm& form, const std::string& what) {
  const MixtureLayout layout = layout_of(form);
  MixtureNetwork network{form, {}, {}, {}};
  const auto templates = reader.getTemplates();
  require_count(templates, form.parts * layout.sets.size(), what + " has other sets of templates");
  for (unsigned s = 0; s < templates.size(); ++s)
    network.templates.push_back(read_numbers(wire::view(templates[s]),
                                             set_size(form, layout.sets[s % layout.sets.size()]),
                                             fmt::format("{}: set {} of templates comes", what, s)));
  const auto coefficients = reader.getCoefficients();
  require_count(coefficients, layout.mixed.size(), what + " mixes other tensors");
  for (unsigned t = 0; t < coefficients.size(); ++t)
    network.coefficients.push_back(
        read_numbers(wire::view(coefficients[t]), coefficient_count(form),
                     fmt::format("{}: the mixture of {} comes", what, layout.mixed[t].whole.name)));
  const auto plain = reader.getPlain();
  require_count(plain, layout.plain.size(), what + " has other plain tensors");
  for (unsigned t = 0; t < plain.size(); ++t) {
    const nn::TensorSpec& spec = layout.plain[t].whole;
    network.plain.tensors.push_back(
        {spec, read_numbers(wire::view(plain[t]), spec.size(), fmt::format("{}: {} comes", what, spec.name))});
  }
  network.check(what);
  return network;
}

}  // namespace

Bytes encode_mixture(const MixtureNetwork& network) {
  network.check("a mixture network to be sent");
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::GrowingMixture>();
  write_number_lists(
      network.templates.size(), [&](unsigned count) { return builder.initTemplates(count); },
      [&](std::size_t s) -> std::span<const float> { return network.templates[s]; });
  write_number_lists(
      network.coefficients.size(), [&](unsigned count) { return builder.initCoefficients(count); },
      [&](std::size_t t) -> std::span<const float> { return network.coefficients[t]; });
  write_number_lists(
      network.plain.tensors.size(), [&](unsigned count) { return builder.initPlain(count); },
      [&](std::size_t t) -> std::span<const float> { return network.plain.tensors[t].values; });
  return wire::flatten(message);
}

std::uint64_t most_mixture_bytes(const MixtureForm& form) {
  const MixtureLayout layout = layout_of(form);
  const std::uint64_t lists = form.parts * layout.sets.size() + layout.mixed.size() + layout.plain.size();
  return 1024 + 64 * lists + sizeof(float) * value_count(form, layout);
}

MixtureNetwork decode_mixture(ByteView bytes, const MixtureForm& form, const std::string& what) {
  const auto use = [&](wire::GrowingMixture::Reader reader) { return read_mixture(reader, form, what); };
  return wire::read<wire::GrowingMixture>(bytes, what, use, kMixtureLimits);
}

}  // namespace outrider::growing
