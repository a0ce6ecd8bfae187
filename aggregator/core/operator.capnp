@0xd1a7c35e0f9b4826;

using Cxx = import "/capnp/c++.capnp";
using import "/aggregator/core/decision.capnp".Forgetting;
$Cxx.namespace("outrider::wire");

# What an operator asks of a running aggregator at its door (operator_door.h), and what it answers. One request and one
# answer a connection, each a message after its length (4 bytes, big endian). Members are only ever added: an
# aggregator that does not know one says so.

struct OperatorRequest {
  union {
    none   @0 :Void;
    list   @1 :Data;    # clients whose ids follow this one, none: from the first
    show   @2 :Text;    # a client: the beginning of its id, or its name
    remove @3 :Remove;
    forget @4 :Text;    # a class: all that was taught on it
    forgettings @5 :Void;  # what was taken back so far
  }
  struct Remove {
    who    @0 :Text;
    forget @1 :Bool;
  }
}

struct OperatorAnswer {
  union {
    failed  @0 :Text;   # why, as one sentence
    clients @1 :Clients;
    removed @2 :Account;
    forgotten   @3 :Forgotten;
    forgettings @4 :List(Forgetting);
  }
  struct Clients {
    accounts @0 :List(Account);
    more     @1 :Bool;
  }
}

struct Forgotten {
  contributions @0 :UInt64;
  clients       @1 :UInt64;
}

struct Account {
  id        @0 :Data;
  name      @1 :Text;
  connected @2 :Bool;
  seen      @3 :UInt64;  # seconds since 1970; 0: not known
  accepted  @4 :UInt64;  # contributions
  topics    @5 :UInt64;  # that it contributes to now
  taught    @6 :List(Taught);  # these; only where one client was asked for
}

struct Taught {
  kind     @0 :Text;
  space    @1 :Data;
  subject  @2 :Text;
  pictures @3 :UInt64;  # 0: this kind does not tell
}
