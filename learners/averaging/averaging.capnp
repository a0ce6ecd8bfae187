@0xb7c14f02d95e6a83;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Weights averaged in rounds. Fields are only ever added. Which tensors there are, and of which shapes, follows from the
# network and the strategy; they come in the order of the network.

struct CodedTensor {
  values @0 :Data;                 # little-endian, row-major: float32, binary16 or int8 (tensor_code.h)
  scales @1 :Data;                 # float32, one for each row of a tensor in int8; else empty
}

struct AveragingUpdate {
  round    @0 :UInt64;             # whose weights it is a change to
  samples  @1 :UInt64;
  encoding @2 :UInt8;              # 0 float32, 1 binary16, 2 int8
  delta    @3 :List(CodedTensor);
  control  @4 :List(CodedTensor);  # SCAFFOLD
  width    @5 :Float64 = 1;        # the tensors are those of the part of the network with this share of its channels
  heldOut  @6 :UInt64;             # pictures that the client does not train with; 0: it tells nothing of them
  correct  @7 :UInt64;             # of them told right by the weights of `round`
  lossSum  @8 :Float64;
}

struct AveragingState {            # all in float32
  round    @0 :UInt64;
  weights  @1 :List(CodedTensor);
  momentum @2 :List(CodedTensor);
  second   @3 :List(CodedTensor);
  control  @4 :List(CodedTensor);
}

# No pointer comes first that an Encoder (learners/encoders) could mistake for its own.
struct AveragingTask {
  magic         @0 :UInt64;        # tells it from other definitions of a space
  seed          @1 :UInt64;
  invert        @2 :Bool;
  channels      @3 :UInt32;
  height        @4 :UInt32;
  width         @5 :UInt32;
  mean          @6 :Float32;
  deviation     @7 :Float32;
  batch         @8 :UInt64;
  epochs        @9 :UInt64;
  steps         @10 :UInt64;
  rate          @11 :Float32;
  reserved      @12 :List(UInt8);
  network       @13 :Text;         # the text form of learners/nn/network.h
  strategy      @14 :Text;         # the text form of strategy.h
  classes       @15 :List(Text);   # output o means classes[o]
  masked        @16 :Bool;
  nested        @17 :Bool;
}

struct AveragingAsked {
  round  @0 :UInt64;
  asked  @1 :List(Data);           # clients' ids
  heard  @2 :List(Data);
  widths @3 :List(Float64);        # what each of those asked trains of the network's channels; none: all of them
}

struct AveragingSilence {          # of a client that did not answer when it was asked last
  client @0 :Data;
  times  @1 :UInt32;
  until  @2 :UInt64;               # the first round that may ask it again
}

struct AveragingScore {            # of the weights of a round on held-out pictures
  round    @0 :UInt64;
  clients  @1 :UInt32;
  pictures @2 :UInt64;             # 0: there is no score
  correct  @3 :UInt64;
  lossSum  @4 :Float64;
}

struct AveragingExcuse {           # on the subject "cannot train"
  cause @0 :UInt8;                 # 1 no pictures, 2 its training diverged
  round @1 :UInt64;
}

# What the aggregator says of its rounds: the weights that the next updates are to be changes to, and who is asked.
struct AveragingRound {
  state      @0 :Data;             # AveragingState; to clients without momenta
  open       @1 :Bool;
  draws      @2 :UInt64;
  population @3 :UInt64;           # clients that were there when the round was opened
  rounds     @4 :List(AveragingAsked);  # rising; to clients only the open one, if any, without who was heard
  width      @5 :Float64 = 1;      # of the part that the state is of; to clients with those asked to train this part
  parts      @6 :List(Float64);    # to clients: the widths that the open round asks for, falling
  silent     @7 :List(AveragingSilence);  # not to clients; likewise the next two (attendance.h)
  reliable   @8 :List(Data);
  caution    @9 :UInt32;
  curve      @10 :List(AveragingScore);   # of the last rounds, rising; not to clients
  best       @11 :AveragingScore;         # of all rounds; the weights are on the subject "@best"
  finished   @12 :Text;                   # why there are no more rounds; empty: there are
  trouble    @13 :Text;                   # which round diverged last, and how; not to clients
}

struct AveragingClient {           # what stays with a client between rounds
  local   @0 :List(CodedTensor);
  control @1 :List(CodedTensor);
}

struct AveragingMemory {
  round  @0 :UInt64;               # that was learned last
  update @1 :Data;                 # the digest of the update
  before @2 :AveragingClient;
  after  @3 :AveragingClient;
  width  @4 :Float64 = 1;          # of the part of the network that both are of
}
