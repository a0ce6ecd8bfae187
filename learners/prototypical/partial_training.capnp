@0xd3b16f0a5c27e984;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Where the training of an encoder stood when it was kept: see partial_training.h.
struct PartialTraining {
  settings       @0 :List(Setting);
  episodes       @1 :UInt64;         # that are done
  parameters     @2 :Data;           # of the network, as in encoder.capnp
  optimizerSteps @3 :UInt64;
  moments        @4 :List(Moments);  # of the trained tensors, in the network's order

  # What was asked for, as a command line says it.
  struct Setting {
    name  @0 :Text;
    value @1 :Text;
  }

  # Little-endian float32, row-major.
  struct Moments {
    first  @0 :Data;
    second @1 :Data;
  }
}
