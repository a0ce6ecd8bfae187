@0xa8c1e4907d2b5f13;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# What pre-training leaves behind: the file that an aggregator starts from.
struct Pretrained {
  encoder @0 :Data;            # an encoder's wire form (encoder.capnp)
  classes @1 :List(Class);     # the base classes, may be empty
  sealed  @2 :Bool;            # this message lies in a sealed file (knowledge/sealed_file.h); files of before do not

  struct Class {
    name  @0 :Text;
    state @1 :Data;            # class_state.capnp
  }
}
