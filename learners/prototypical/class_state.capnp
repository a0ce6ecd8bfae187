@0x80e9eb4b86da061c;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# What is known of one class in one embedding space. The class's name and the space are the contribution's topic.
struct ClassState {
  count      @0 :UInt64;  # examples seen, at least 1
  sum        @1 :Vector;  # of their embeddings
  deviations @2 :Vector;  # per dimension, sum of squared deviations from the mean; absent: not kept
  # Of merged states: which one client has taught it; 0: several have, the aggregator has, or it is not told.
  soleTeacher @3 :UInt64;
}

# Component i is values[i], times `scale` in the short encodings.
struct Vector {
  union {
    float32 @0 :List(Float32);
    float16 @1 :List(UInt16);  # IEEE 754 binary16; the scale is a power of two
    int8    @2 :List(Int8);
  }
  scale @3 :Float32;
}
