@0xb3c7d2f04a918e65;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Fields are only ever added: a reader of an older version keeps what it does not know.

struct Encoder {
  name          @0 :Text;
  preprocessing @1 :Preprocessing;
  network       @2 :Text;  # the text form of learners/nn/network.h
  parameters    @3 :Data;  # the form of learners/nn/parameters.h
  largestNorm   @4 :Float32;  # of the embeddings of base pictures; 0: not measured
}

# What an encoder was before it said the largest norm. It is still written for those that do not: their ids stay.
struct UnmeasuredEncoder {
  name          @0 :Text;
  preprocessing @1 :Preprocessing;
  network       @2 :Text;
  parameters    @3 :Data;
}

struct Preprocessing {
  channels  @0 :UInt32;
  height    @1 :UInt32;
  width     @2 :UInt32;
  invert    @3 :Bool;
  mean      @4 :Float32;
  deviation @5 :Float32;
}
