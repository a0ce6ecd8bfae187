// Lists of tensors in messages. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/averaging/tensor_code.h"
#include "learners/nn/parameters.h"

namespace outrider::averaging {

using TensorListBuilder = capnp::List<wire::CodedTensor>::Builder;
using TensorListReader = capnp::List<wire::CodedTensor>::Reader;

// `init(count)` makes the list; an empty one is left out.
template <typename Init>
void write_tensors(const nn::Parameters& parameters, Encoding encoding, const Init& init) {
  if (parameters.tensors.empty()) return;
  TensorListBuilder list = init(static_cast<unsigned>(parameters.tensors.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    const CodedTensor coded = encode_tensor(parameters.tensors[i], encoding);
    list[i].setValues(wire::data(coded.values));
    if (!coded.scales.empty()) list[i].setScales(wire::data(coded.scales));
  }
}

inline nn::Parameters read_tensors(const TensorListReader& list, const std::vector<nn::TensorSpec>& expected,
                                   Encoding encoding, const std::string& what) {
  require(list.size() == expected.size(),
          fmt::format("{} has {} tensors; expected {}", what, list.size(), expected.size()));
  nn::Parameters parameters;
  for (unsigned i = 0; i < list.size(); ++i)
    parameters.tensors.push_back(decode_tensor(wire::view(list[i].getValues()), wire::view(list[i].getScales()),
                                               expected[i], encoding, what + ": " + expected[i].name));
  return parameters;
}

}  // namespace outrider::averaging
