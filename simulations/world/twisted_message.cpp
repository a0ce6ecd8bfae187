#include "simulations/world/twisted_message.h"

#include <capnp/dynamic.h>

#include "knowledge/wire.h"
#include "protocol/codec.h"
#include "protocol/outrider.capnp.h"

namespace outrider::simulations {
namespace {

class Twister {
 public:
  Twister(float chance, HostileValues& values) : chance_(chance), values_(values) {}

  void twist(capnp::DynamicStruct::Builder builder) {
    for (const auto field : builder.getSchema().getNonUnionFields()) twist_field(builder, field);
    KJ_IF_MAYBE (field, builder.which()) twist_field(builder, *field);
  }

 private:
  static constexpr std::size_t kMostBytes = 65'536;

  void twist_field(capnp::DynamicStruct::Builder builder, capnp::StructSchema::Field field) {
    using Type = capnp::schema::Type;
    const capnp::Type type = field.getType();
    if (type.which() == Type::STRUCT) {
      // To look at one that is absent makes it.
      if (builder.has(field) || values_.happens(chance_)) twist(builder.get(field).as<capnp::DynamicStruct>());
      return;
    }
    if (type.which() == Type::LIST) return twist_list(builder.get(field).as<capnp::DynamicList>());
    if (!values_.happens(chance_)) return;
    switch (type.which()) {
      case Type::TEXT:
        word_ = values_.word();
        return builder.set(field, wire::text(word_));
      case Type::DATA:
        return builder.set(field, data_instead(wire::view(builder.get(field).as<capnp::Data>().asReader())));
      case Type::BOOL:
        return builder.set(field, values_.happens(0.5F));
      case Type::UINT8:
        return builder.set(field, values_.number() & 0xff);
      case Type::UINT16:
        return builder.set(field, values_.number() & 0xffff);
      case Type::UINT32:
        return builder.set(field, values_.number() & 0xffffffff);
      case Type::UINT64:
        return builder.set(field, values_.number());
      default:
        return;  // there are no others in messages
    }
  }

  void twist_list(capnp::DynamicList::Builder list) {
    for (unsigned i = 0; i < list.size(); ++i) {
      if (list.getSchema().whichElementType() == capnp::schema::Type::STRUCT)
        twist(list[i].as<capnp::DynamicStruct>());
      else if (list.getSchema().whichElementType() == capnp::schema::Type::DATA && values_.happens(chance_))
        list.set(i, data_instead(wire::view(list[i].as<capnp::Data>().asReader())));
    }
  }

  capnp::Data::Reader data_instead(ByteView before) {
    bytes_ = values_.happens(0.5F) ? values_.bent(to_bytes(before)) : values_.bytes(kMostBytes);
    return wire::data(bytes_);
  }

  float chance_;
  HostileValues& values_;
  std::string word_;  // what was drawn last
  Bytes bytes_;       // likewise
};

}  // namespace

Bytes twisted(const protocol::Message& message, float chance, HostileValues& values) {
  return wire::read<protocol::schema::Message>(protocol::encode(message), "message",
                                               [&](protocol::schema::Message::Reader reader) {
                                                 capnp::MallocMessageBuilder builder;
                                                 builder.setRoot(reader);
                                                 auto root = builder.getRoot<protocol::schema::Message>();
                                                 Twister(chance, values).twist(capnp::toDynamic(root.getBody()));
                                                 return wire::flatten(builder);
                                               });
}

}  // namespace outrider::simulations
