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

struct GrowingWork {
  batch  @0 :UInt64;
  epochs @1 :UInt64;
  steps  @2 :UInt64;
  rate   @3 :Float32;
}

# No pointer comes first that an Encoder (learners/encoders) could mistake for its own.
struct GrowingTask {
  magic     @0 :UInt64;            # tells it from other definitions of a space
  seed      @1 :UInt64;
  invert    @2 :Bool;
  channels  @3 :UInt32;
  height    @4 :UInt32;
  width     @5 :UInt32;
  mean      @6 :Float32;
  deviation @7 :Float32;
  templates @8 :UInt32;            # in a set
  sharing   @9 :UInt32;            # tensors of like shape to a set; 0: all
  parts     @10 :UInt32;           # that the grown network has
  rule      @11 :UInt8;            # of crossings, as in GrowingEvent
  factor    @12 :Float32;
  reserved  @13 :List(UInt8);
  network   @14 :Text;             # of one part: the text form of learners/nn/network.h
  classes   @15 :List(Text);       # output o means classes[o]
  alone     @16 :GrowingWork;      # of a client that trains its part
  crossing  @17 :GrowingWork;      # of one that trains crossings
}

# What the aggregator says of a growth: all that is needed to rebuild the grown network.
struct GrowingRecord {
  event   @0 :Data;                # GrowingEvent
  clients @1 :List(Data);          # whose parts they are
  parts   @2 :List(Data);          # GrowingMixture of each
}

struct GrowingMemory {             # what a client keeps of what it learned last
  pictures @0 :Data;               # the fingerprint of its pictures
  event    @1 :Data;               # crossings: the digest of the GrowingEvent
  network  @2 :Data;               # a part: GrowingMixture
}
