// Tensors as bytes: exact, or shorter with a bounded error. Internal to this folder.
#pragma once

#include <string>

#include "knowledge/bytes.h"
#include "learners/averaging/update_wire.h"
#include "learners/nn/parameters.h"

namespace outrider::averaging {

struct CodedTensor {
  Bytes values;
  Bytes scales;  // float32 for each row of a tensor in int8; else empty
};

// Throws InputError naming the tensor when a value is too large for the encoding.
CodedTensor encode_tensor(const nn::Tensor& tensor, Encoding encoding);

// Throws InputError, beginning with `what`, when the bytes are not those of such a tensor: their number, scales that
// are negative or not finite, values that are not finite.
nn::Tensor decode_tensor(ByteView values, ByteView scales, const nn::TensorSpec& spec, Encoding encoding,
                         const std::string& what);

}  // namespace outrider::averaging
