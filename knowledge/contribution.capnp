@0xd1a7a3c1f0b54c21;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("outrider::wire");

# Fields are only ever added: a reader of an older version keeps what it does not know.

struct Topic {
  kind    @0 :Text;   # family of the knowledge: "prototype", "supermask", ...
  space   @1 :Data;   # 32 bytes: the id of the encoder or base network in which it is comparable
  subject @2 :Text;   # class or task name
}

struct Contribution {
  client         @0 :Data;    # 16 bytes
  sequence       @1 :UInt64;  # 1, 2, 3, ... per client
  learnedAgainst @2 :UInt64;  # revision
  topic          @3 :Topic;
  payload        @4 :Data;    # the family's wire form; empty withdraws the topic
  parts          @5 :Data;    # in a store: where a large payload lies instead (storage/parts.h); not looked at in messages
}
