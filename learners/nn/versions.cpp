#include "learners/nn/versions.h"

#include <string>

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include "learners/nn/threads.h"

namespace outrider::nn {
namespace {

std::string units() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2 with VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 with VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 with VNNI and bfloat16";
    case dnnl::cpu_isa::avx512_core_amx:
      return "AVX-512 with VNNI, bfloat16 and AMX";
    default:
      return "others than this program knows by name";
  }
}

}  // namespace

std::vector<Fact> versions() {
  const dnnl_version_t& dnnl = *dnnl::version();
  return {{"oneDNN", fmt::format("{}.{}.{}", dnnl.major, dnnl.minor, dnnl.patch)},
          {"processor", fmt::format("{}, {} threads", units(), resolve_threads(0))}};
}

}  // namespace outrider::nn
