@0xc4d8e1b37f0a2695;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Growing networks: mixtures of templates. Fields are only ever added. Which templates, mixtures and tensors there are,
# and of which shapes, follows from the network (mixture_form.h). Numbers are float32, little-endian, row-major.

struct GrowingMixture {
  templates    @0 :List(Data);     # of each set
  coefficients @1 :List(Data);     # of each mixed tensor
  plain        @2 :List(Data);     # the other tensors, in the order of the network
}
