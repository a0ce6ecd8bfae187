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

struct GrowingEvent {
  parts  @0 :List(Data);           # the digest of each part's GrowingMixture, in the order of their channels
  rule   @1 :UInt8;                # 0 orthogonal, 1 copy, 2 zero, 3 random
  factor @2 :Float32;
  seed   @3 :UInt64;
}

struct GrowingCrossing {           # what was trained of a grown network
  event        @0 :Data;           # the digest of its GrowingEvent
  samples      @1 :UInt64;
  coefficients @2 :List(Data);     # of each mixed tensor, off the diagonal
  plain        @3 :List(Data);     # head and norms, in the order of the network
}
