@0xe0482413e5c135c3;

# The wire form of messages.h, which says what each message means. Fields and union members are only ever added.

using Cxx = import "/capnp/c++.capnp";
using Knowing = import "/knowledge/contribution.capnp";
$Cxx.namespace("outrider::protocol::schema");

struct Message {
  client @0 :Data;  # 16 bytes: the sender or, from the aggregator, the addressee
  body :union {
    hello       @1  :Hello;
    contribute  @2  :Contribute;
    want        @3  :Want;
    wantBlob    @4  :WantBlob;
    heartbeat   @5  :Heartbeat;
    goodbye     @6  :Goodbye;
    statusQuery @7  :StatusQuery;
    welcome     @8  :Welcome;
    accepted    @9  :Accepted;
    refused     @10 :Refused;
    knowledge   @11 :Knowledge;
    blobChunk   @12 :BlobChunk;
    announce    @13 :Announce;
    status      @14 :Status;
    offer       @15 :Offer;
    payloadPart @16 :PayloadPart;
    held        @17 :Held;
    rejected    @18 :Rejected;
  }
}

struct Hello {
  name    @0 :Text;
  replica @1 :UInt64;
  conversation @2 :UInt64;  # the answer repeats it; 0: from a client of before
  memory       @3 :UInt64 = 18446744073709551615;  # bytes to train with; as it is: unlimited
  operations   @4 :UInt64 = 18446744073709551615;  # a second, likewise
  incarnation  @5 :UInt64;  # 0: from a client of before
  earlier      @6 :List(UInt64);
  relocated    @7 :Bool;
  version      @8 :Text;
}

struct Rejected {
  sentence     @0 :Text;
  conversation @1 :UInt64;
}

struct Contribute {
  contributions @0 :List(Knowing.Contribution);
}

struct Offer {
  contribution @0 :Data;
  header       @1 :Knowing.Contribution;  # its payload is empty
  bytes        @2 :UInt64;
  attempt      @3 :UInt64;
}

struct PayloadPart {
  contribution @0 :Data;
  offset       @1 :UInt64;
  attempt      @2 :UInt64;
  content      @3 :Data;
}

struct Held {
  contribution @0 :Data;
  bytes        @1 :UInt64;
  partBytes    @2 :UInt32;
  window       @3 :UInt32;
  attempt      @4 :UInt64;
  toOffer      @5 :Bool;
  lost         @6 :Bool;
}

struct Want {
  since @0 :UInt64;
  byReference @1 :Bool;
  paged @2 :Bool;
  after @3 :Knowing.Topic;  # absent: everything after `since`
}

struct WantBlob {
  blob   @0 :Data;  # 32 bytes, as every digest
  offset @1 :UInt64;
  length @2 :UInt32;
}

struct Heartbeat {
  replica @0 :UInt64;
  outbox  @1 :UInt32;
}

struct Goodbye {}

struct StatusQuery {
  clientsAfter @0 :Data;           # absent: from the first
  topicsAfter  @1 :Knowing.Topic;  # likewise
}

struct Welcome {
  aggregator       @0 :Data;  # 16 bytes
  revision         @1 :UInt64;
  definition          @2 :Data;
  highestDecided   @3 :UInt64;
  heartbeatSeconds @4 :UInt32;
  conversation     @5 :UInt64;  # of the hello that it answers; 0: from an aggregator of before
  takesOffers      @6 :Bool;    # false: likewise
}

struct Accepted {
  contributions @0 :List(Data);
  revision      @1 :UInt64;
}

struct Refused {
  contribution @0 :Data;
  reason       @1 :Text;
  permanent    @2 :Bool;
}

struct KnowledgeEntry {
  topic   @0 :Knowing.Topic;
  payload @1 :Data;
  digest  @2 :Data;  # absent: the payload is here
  bytes   @3 :UInt64;
}

struct Knowledge {
  since   @0 :UInt64;
  through @1 :UInt64;
  entries @2 :List(KnowledgeEntry);
  after   @3 :Knowing.Topic;  # absent: begins where `since` ends
  upTo    @4 :Knowing.Topic;  # absent: ends with `through`
}

struct BlobChunk {
  blob    @0 :Data;
  offset  @1 :UInt64;
  total   @2 :UInt64;
  content @3 :Data;
}

struct Announce {
  aggregator @0 :Data;
  revision   @1 :UInt64;
  definition    @2 :Data;
}

struct ClientStatus {
  client           @0 :Data;
  name             @1 :Text;
  highestDecided   @2 :UInt64;
  replica          @3 :UInt64;
  outbox           @4 :UInt32;
  connected        @5 :Bool;
  secondsSinceSeen @6 :UInt32;
  memory           @7 :UInt64 = 18446744073709551615;  # as in Hello
  operations       @8 :UInt64 = 18446744073709551615;
  version          @9 :Text;
  accepted         @10 :UInt64;
  refused          @11 :UInt64;
  lastSeen         @12 :UInt64;  # seconds since 1970; 0: not known
}

struct TopicStatus {
  topic        @0 :Knowing.Topic;
  contributors @1 :UInt32;
  changed      @2 :UInt64;
  examples     @3 :UInt64;
}

struct Fact {
  name  @0 :Text;
  value @1 :Text;
}

struct Status {
  aggregator @0 :Data;
  revision   @1 :UInt64;
  definition    @2 :Data;
  clients    @3 :List(ClientStatus);
  topics     @4 :List(TopicStatus);
  moreClients  @5 :Bool;
  moreTopics   @6 :Bool;
  allClients   @7 :UInt64;
  allTopics    @8 :UInt64;
  usableTopics @9 :UInt64;
  facts        @10 :List(Fact);
}
