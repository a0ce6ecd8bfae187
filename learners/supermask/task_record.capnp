@0x9d4b82e6f15c7a03;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# What one task is over a base network. Fields are only ever added.

struct TaskRecord {
  classes    @0 :List(Text);   # output o means classes[o]
  examples   @1 :UInt64;       # that it was learned from
  place      @2 :UInt32;       # in the order of ownership
  layers     @3 :List(Layer);  # of the base network's weight tensors, in their order
  statistics @4 :Data;         # float32, little-endian: running means and variances, in the order of the tensors

  struct Layer {
    mask   @0 :Data;           # mask_code.h
    values @1 :Data;           # float32, little-endian, of the kept weights in their order; empty: the base's
    ranks  @2 :Data;           # half a byte for each kept weight, the lower half first; may be empty
  }
}
