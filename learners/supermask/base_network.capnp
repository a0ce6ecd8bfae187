@0xe5a90c3d7b1f4268;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Fields are only ever added. No pointer comes first that an Encoder (learners/encoders) could mistake for its own.

struct BaseNetwork {
  magic         @0 :UInt64;   # tells it from other definitions of a space
  seed          @1 :UInt64;
  density       @2 :Float64;
  constant      @3 :Bool;     # signed constants; else He-normal values
  invert        @4 :Bool;
  channels      @5 :UInt32;
  height        @6 :UInt32;
  width         @7 :UInt32;
  mean          @8 :Float32;
  deviation     @9 :Float32;
  reserved      @10 :List(UInt8);
  network       @11 :Text;    # the text form of learners/nn/network.h
}
