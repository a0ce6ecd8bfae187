@0xe2d5c0b7a9413f66;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# A learner's own record; it never leaves the client.
struct ClassMemory {
  sum               @0 :Data;    # ExactClassSum::bytes
  examples          @1 :Data;    # 32 bytes each, ascending: digests of what was learned
  spentMicroseconds @2 :UInt64;
  followsFolder     @3 :Bool;    # all examples were in the folder together: one that is missing there was removed
}
