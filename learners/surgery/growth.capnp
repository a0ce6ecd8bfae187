@0x9f2c6be1d40a7735;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Steps of growth that keep a network's function: enough for a peer with the network to rebuild the grown one. Fields
# are only ever added.

struct GrowthStep {
  layer      @0 :UInt32;           # of the network before the step, from 0
  union {
    widen    @1 :WidenStep;
    deepen   @2 :DeepenStep;
  }
}

struct WidenStep {
  channels   @0 :UInt32;
  seed       @1 :UInt64;
  noise      @2 :Float32;
  fresh      @3 :Bool;             # new channels are drawn, not copied
}

struct DeepenStep {
  kernel     @0 :UInt32;
  plain      @1 :Bool;             # without batch norm
  mean       @2 :List(Float32);    # of each channel where the layer is put; may be empty
  variance   @3 :List(Float32);
}

struct GrowthSteps {
  steps      @0 :List(GrowthStep);
}
