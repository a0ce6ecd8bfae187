// Prototypes of classes at an aggregator.
#pragma once

#include <memory>

#include "aggregator/daemon/server_family.h"
#include "learners/prototypical/admission.h"

namespace outrider::aggregator {

std::unique_ptr<ServerFamily> prototypical_family();

// Of prototypes, from the encoder that defines it. Throws InputError where it is none.
EmbeddingSpace embedding_space(ByteView definition);

// A file that `outrider pretrain`, `base` or `model` wrote: what is learned with, and prototypes of base classes.
Published read_pretrained(const std::filesystem::path& file);

}  // namespace outrider::aggregator
