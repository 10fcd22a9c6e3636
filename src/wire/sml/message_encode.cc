#include "base/crc.h"
#include "wire/sml/fields.h"
#include "wire/sml/message.h"

namespace amity::sml {
namespace {

class BodyWriter {
 public:
  explicit BodyWriter(Bytes& out) : w_(out) {}

  void operator()(const OtherMessage& m) {
    type(m.type);
    w_.raw(m.body);
  }
  template <class T>
  void operator()(const T& m) {
    type(static_cast<std::uint32_t>(T::kType));
    body(m);
  }

 private:
  void type(std::uint32_t number) { number > 0xFFFF ? w_.number(number, 4) : w_.number(number, 2); }
  void all(std::initializer_list<ByteView> fields) {
    for (const ByteView field : fields) write_octets(w_, field);
  }
  void optional(const std::optional<std::uint8_t>& number) {
    number ? w_.number(*number, 1) : w_.absent();
  }

  void body(const OpenRequest& m) {
    w_.list(7);
    all({m.codepage, m.client_id, m.file_id, m.server_id, m.user, m.password});
    optional(m.version);
  }
  void body(const OpenResponse& m) {
    w_.list(6);
    all({m.codepage, m.client_id, m.file_id, m.server_id});
    write_time(w_, m.time);
    optional(m.version);
  }
  void body(const CloseRequest& m) { close(m.signature); }
  void body(const CloseResponse& m) { close(m.signature); }
  void close(ByteView signature) {
    w_.list(1);
    write_octets(w_, signature);
  }
  void body(const ProfileRequest& m) {
    w_.list(9);
    all({m.server_id, m.user, m.password});
    m.with_raw_data ? w_.boolean(*m.with_raw_data) : w_.absent();
    write_time(w_, m.begin);
    write_time(w_, m.end);
    write_path(w_, m.path);
    if (m.objects.empty()) {
      w_.absent();
    } else {
      w_.list(m.objects.size());
      for (const dlms::Obis& object : m.objects) w_.octets(object.view());
    }
    m.das_details.empty() ? w_.absent() : w_.raw(m.das_details);
  }
  void column(const ProfileColumn& c) {
    w_.octets(c.name.view());
    w_.number(c.unit, 1);
    w_.signed_number(c.scaler, 1);
  }
  void cell(const ProfileCell& c) {
    write_value(w_, c.value);
    write_octets(w_, c.signature);
  }
  void body(const ProfilePackResponse& m) {
    w_.list(8);
    write_octets(w_, m.server_id);
    write_time(w_, m.time);
    w_.number(m.period_s, 4);
    write_path(w_, m.path);
    w_.list(m.columns.size());
    for (const ProfileColumn& c : m.columns) {
      w_.list(3);
      column(c);
    }
    w_.list(m.rows.size());
    for (const ProfileRow& row : m.rows) {
      w_.list(4);
      write_time(w_, row.time);
      w_.number(row.status, 8);
      w_.list(row.cells.size());
      for (const ProfileCell& c : row.cells) {
        w_.list(2);
        cell(c);
      }
      write_octets(w_, row.signature);
    }
    all({m.raw_data, m.signature});
  }
  void body(const ProfileListResponse& m) {
    w_.list(9);
    write_octets(w_, m.server_id);
    write_time(w_, m.time);
    w_.number(m.period_s, 4);
    write_path(w_, m.path);
    write_time(w_, m.row_time);
    w_.number(m.status, 8);
    w_.list(m.items.size());
    for (const ProfileListItem& item : m.items) {
      w_.list(5);
      column(item.column);
      cell(item.cell);
    }
    all({m.raw_data, m.signature});
  }
  void body(const ParameterRequest& m) {
    w_.list(5);
    all({m.server_id, m.user, m.password});
    write_path(w_, m.path);
    write_octets(w_, m.attribute);
  }
  void body(const ParameterResponse& m) {
    w_.list(3);
    write_octets(w_, m.server_id);
    write_path(w_, m.path);
    write_tree(w_, m.tree);
  }
  void body(const ListRequest& m) {
    w_.list(5);
    all({m.client_id, m.server_id, m.user, m.password, m.list_name});
  }
  void body(const ListResponse& m) {
    w_.list(7);
    all({m.client_id, m.server_id, m.list_name});
    write_time(w_, m.time);
    w_.list(m.entries.size());
    for (const ListEntry& entry : m.entries) list_entry(entry);
    write_octets(w_, m.signature);
    write_time(w_, m.gateway_time);
  }
  void list_entry(const ListEntry& e) {
    w_.list(7);
    w_.octets(e.name.view());
    const int width = e.status_width >= 1 && e.status_width <= 8 ? e.status_width : 8;
    e.status ? w_.number(*e.status, width) : w_.absent();
    write_time(w_, e.time);
    optional(e.unit);
    e.scaler ? w_.signed_number(*e.scaler, 1) : w_.absent();
    write_value(w_, e.value);
    write_octets(w_, e.signature);
  }
  void body(const Attention& m) {
    w_.list(4);
    all({m.server_id, m.number, m.message});
    write_tree(w_, m.details);
  }

  TlvWriter w_;
};

}  // namespace

void encode_message(const Message& message, Bytes& out) {
  const std::size_t start = out.size();
  TlvWriter writer(out);
  writer.list(6);
  writer.octets(message.head.transaction_id);
  writer.number(message.head.group, 1);
  writer.number(message.head.abort_on_error, 1);
  writer.list(2);
  std::visit(BodyWriter(out), message.body);
  const ByteView covered = ByteView(out).subspan(start);
  const std::uint16_t crc = message.crc == Crc::kX25 ? crc16_x25(covered) : crc16_kermit(covered);
  writer.number(static_cast<std::uint16_t>(crc >> 8 | crc << 8), 2);
  writer.end_of_message();
}

}  // namespace amity::sml
