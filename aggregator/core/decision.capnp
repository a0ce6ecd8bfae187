@0xb7f03a52c1d94e08;

using Cxx = import "/capnp/c++.capnp";
using import "/knowledge/contribution.capnp".Contribution;
$Cxx.namespace("outrider::wire");

# What the aggregator decided about one (client, sequence); the value in the column "contributions".
struct Decision {
  id       @0 :Data;          # 32 bytes: the contribution's content address
  union {
    accepted :group {
      contribution @1 :Contribution;
      revision     @2 :UInt64;  # the state that contains it first
      parts        @4 :Data;    # where a large payload lies (storage/parts.h); absent: in the contribution
      dropped      @5 :Bool;    # the payload is no longer kept: a later contribution has replaced it
      takenBack    @6 :Bool;    # by the operator, in that revision: nothing of it is merged, and there is no payload
      taughtBefore @7 :Bool;    # it takes back what was said in a decision that is no longer kept
    }
    refused @3 :Text;           # why
  }
}

# That something was taken back on the operator's word: not what it was.
struct Forgetting {
  when          @0 :UInt64;  # in seconds since 1970; 0: not known
  what          @1 :Text;    # "a client", "a class"
  contributions @2 :UInt64;
}

# The value in the column "clients".
struct ClientRecord {
  name           @0 :Text;
  highestDecided @1 :UInt64;
  memory         @2 :UInt64 = 18446744073709551615;  # what its device can do, as it said last; as it is: unlimited
  operations     @3 :UInt64 = 18446744073709551615;
  version        @4 :Text;    # of its program, likewise
  seen           @5 :UInt64;  # when it was last heard of, seconds since 1970; 0: not known
  removed        @6 :Bool;    # by the operator: not listed until it comes again
  goneAccepted   @7 :UInt64;  # its decisions that are no longer kept
  goneRefused    @8 :UInt64;
}
