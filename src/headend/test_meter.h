// For tests: a meter of few objects behind the session server, with a listener and faults to order.
#pragma once

#include <deque>
#include <list>

#include "headend/key_ring.h"
#include "headend/meter_layout.h"
#include "headend/test_loop.h"
#include "session/dlms/server.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/selective_access.h"

namespace amity::headend {

inline constexpr dlms::Obis kTestLoadObis{1, 0, 99, 1, 0, 255};
inline constexpr dlms::Obis kTestLogObis{0, 0, 99, 98, 1, 255};
inline constexpr dlms::Obis kTestPushObis{0, 0, 25, 9, 0, 255};

struct TestRow {
  UtcSeconds time;
  std::uint8_t status = 0;
  std::uint32_t import_wh = 0;
};

class TestMeter : public dlms::Objects {
 public:
  TestMeter(TestLoop& loop, Endpoint at, DeviceKeys keys) : loop_(loop), keys_(std::move(keys)), at_(std::move(at)) {
    config_.link.server_sap = 1;
    config_.title = keys_.meter_title.value_or(dlms::SystemTitle{'A', 'M', 'T', 0, 0, 0, 0, 9});
    config_.keys = {dlms::Secret(keys_.current.encryption), dlms::Secret(keys_.current.authentication)};
    dlms::ServerAssociation open;
    open.client_sap = 16;
    dlms::ServerAssociation secure;
    secure.client_sap = 1;
    secure.mechanism = keys_.mechanism;
    secure.password = dlms::Secret(keys_.password);
    secure.security = keys_.policy;
    config_.associations = {open, secure};
    config_.receive_pdu_bytes_max = 256;
    listen();
  }

  void listen() {
    auto made = loop_.listen(at_, [this](std::unique_ptr<Stream> s) {
      sessions_.push_back(std::make_unique<Session>(this, std::move(s)));
    });
    listener_ = std::move(made).value();
  }
  void power_off() {
    listener_.reset();
    sessions_.clear();
  }

  // One row every 15 minutes, (after, until].
  void fill(UtcSeconds after, UtcSeconds until) {
    for (std::int64_t t = after.value / 900 * 900 + 900; t <= until.value; t += 900) {
      rows.push_back({UtcSeconds(t), 0, static_cast<std::uint32_t>(t / 900 % 1'000)});
    }
  }

  std::deque<TestRow> rows;
  std::vector<std::pair<UtcSeconds, std::uint8_t>> log;
  std::int64_t clock_offset_s = 0;
  bool relay_closed = true;
  int switched = 0;
  Bytes push_destination = *from_hex("020316000900" "1600");  // nowhere
  bool lose_next_switch_reply = false;
  std::size_t cut_after_bytes = 0;   // of one connection, sent by the meter; 0: never
  std::vector<std::pair<UtcSeconds, UtcSeconds>> ranges_asked;  // of the load profile
  // The largest APDU either way, and how many the meter sent (of IEC 62056-47).
  std::size_t largest_sent = 0, largest_heard = 0, apdus_sent = 0;
  int profile_reads = 0, associations = 0, clock_sets = 0;
  std::uint64_t violations = 0;
  dlms::MemoryCounters counters{1, -1};
  dlms::ServerConfig& config() { return config_; }

  Bytes push_body(std::span<const TestRow> of) const {
    Bytes body;
    dlms::DataWriter out(body);
    out.structure(2);
    out.octet_string(kTestPushObis);
    write_rows(out, of);
    return body;
  }
  Result<Bytes> push(std::span<const TestRow> of, const dlms::SecurityPolicy& security) {
    dlms::Push push;
    push.body = push_body(of);
    push.security = security;
    return dlms::encode_push(config_, push, &counters);
  }

  dlms::DataAccessResult get(const dlms::AssociationContext&, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>& access, Bytes& bytes) override;
  dlms::DataAccessResult set(const dlms::AssociationContext&, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>&, ByteView data) override;
  dlms::ActionResult action(const dlms::AssociationContext&, const dlms::MethodRef& m, const std::optional<ByteView>&,
                            Bytes&) override;
  void list(const dlms::AssociationContext&, std::vector<dlms::ObjectEntry>& out) override;

 private:
  struct Session : Stream::Handler {
    Session(TestMeter* m, std::unique_ptr<Stream> s)
        : meter(m), stream(std::move(s)), server(&m->config_, m, &m->counters, &m->loop_) {
      stream->set_handler(this);
      server.on_open(m->loop_.now());
    }
    ~Session() override { meter->loop_.cancel(timer); }
    void on_open() override {}
    void on_bytes(ByteView bytes) override {
      measure(bytes, meter->largest_heard);
      server.on_bytes(bytes, meter->loop_.now());
      pump();
    }
    void on_closed(const Error&) override {
      server.on_closed(meter->loop_.now());
      end();
    }
    void pump() {
      Bytes out;
      while (server.poll_output(out)) {
        sent += out.size();
        meter->apdus_sent += measure(out, meter->largest_sent);
        if (meter->cut_after_bytes != 0 && sent > meter->cut_after_bytes) return end();
        if (std::exchange(meter->lose_reply_now_, false)) return end();
        stream->send(std::move(out));
        out = {};
      }
      while (auto event = server.poll_event()) {
        const auto* opened = std::get_if<dlms::AssociationOpened>(&*event);
        if (opened != nullptr && opened->association.client_sap == 1) ++meter->associations;
        if (std::holds_alternative<dlms::SecurityViolation>(*event)) ++meter->violations;
        if (std::holds_alternative<dlms::ServerFailed>(*event)) return end();
      }
    }
    // Whole wrapped APDUs; how many.
    static std::size_t measure(ByteView bytes, std::size_t& largest) {
      constexpr std::size_t kHeader = 8;
      std::size_t count = 0;
      for (std::size_t at = 0; at + kHeader <= bytes.size(); ++count) {
        const std::size_t size = bytes[at + 6] * 256u + bytes[at + 7];
        largest = std::max(largest, size);
        at += kHeader + size;
      }
      return count;
    }
    void end() {
      stream->set_handler(nullptr);
      meter->loop_.post([m = meter, me = this] {
        m->sessions_.remove_if([&](const auto& s) { return s.get() == me; });
      });
    }
    TestMeter* meter;
    std::unique_ptr<Stream> stream;
    dlms::Server server;
    TimerId timer = 0;
    std::size_t sent = 0;
  };

 protected:
  static void column(dlms::DataWriter& out, std::uint16_t class_id, const dlms::Obis& obis) {
    write(out, dlms::CaptureObject{{class_id, obis, 2}, 0});
  }
  void write_rows(dlms::DataWriter& out, std::span<const TestRow> of) const {
    out.array(of.size());
    for (const TestRow& r : of) {
      out.structure(3);
      out.octet_string(dlms::date_time_utc(r.time));
      out.uint8(r.status);
      out.uint32(r.import_wh);
    }
  }
  static std::pair<UtcSeconds, UtcSeconds> range(const std::optional<dlms::SelectiveAccess>& access) {
    if (!access) return {UtcSeconds(0), UtcSeconds(INT64_MAX)};
    const auto range = dlms::decode_range(access->parameters);
    const auto time = [](const dlms::Data& d) {
      return dlms::to_utc(*dlms::date_time_from(d.content()), dlms::DeviationSign::kStandard, nullptr)->time;
    };
    return {time(range->from), time(range->to)};
  }
  dlms::DataAccessResult profile(const dlms::AttributeRef& a, const std::optional<dlms::SelectiveAccess>& access,
                                 dlms::DataWriter& out);

  TestLoop& loop_;
  DeviceKeys keys_;
  Endpoint at_;
  dlms::ServerConfig config_;
  std::unique_ptr<Listener> listener_;
  std::list<std::unique_ptr<Session>> sessions_;
  bool lose_reply_now_ = false;
};

inline dlms::DataAccessResult TestMeter::profile(const dlms::AttributeRef& a,
                                                 const std::optional<dlms::SelectiveAccess>& access,
                                                 dlms::DataWriter& out) {
  const bool load = a.instance == kTestLoadObis;
  if (a.attribute == 3) {
    out.array(load ? 3 : 2);
    column(out, 8, {0, 0, 1, 0, 0, 255});
    if (load) column(out, 1, {0, 0, 96, 10, 1, 255});
    load ? column(out, 3, {1, 0, 1, 29, 0, 255}) : column(out, 1, {0, 0, 96, 11, 1, 255});
    return dlms::DataAccessResult::kSuccess;
  }
  if (a.attribute == 4) {
    out.uint32(load ? 900 : 0);
    return dlms::DataAccessResult::kSuccess;
  }
  const auto [from, to] = range(access);
  if (load) {
    ++profile_reads;
    ranges_asked.emplace_back(from, to);
    std::vector<TestRow> chosen;
    for (const TestRow& r : rows) {
      if (from <= r.time && r.time <= to) chosen.push_back(r);
    }
    write_rows(out, chosen);
    return dlms::DataAccessResult::kSuccess;
  }
  std::vector<std::pair<UtcSeconds, std::uint8_t>> chosen;
  for (const auto& e : log) {
    if (from <= e.first && e.first <= to) chosen.push_back(e);
  }
  out.array(chosen.size());
  for (const auto& [time, code] : chosen) {
    out.structure(2);
    out.octet_string(dlms::date_time_utc(time));
    out.uint8(code);
  }
  return dlms::DataAccessResult::kSuccess;
}

inline dlms::DataAccessResult TestMeter::get(const dlms::AssociationContext&, const dlms::AttributeRef& a,
                                             const std::optional<dlms::SelectiveAccess>& access, Bytes& bytes) {
  dlms::DataWriter out(bytes);
  if (a.class_id == 8) {
    dlms::DateTime now = dlms::date_time_utc(loop_.utc() + clock_offset_s);
    now.status = 0;
    out.octet_string(now);
  } else if (a.class_id == 7) {
    return profile(a, access, out);
  } else if (a.class_id == 3 && a.attribute == 3) {
    out.structure(2);
    out.int8(0);
    out.enumeration(30);
  } else if (a.class_id == 3) {
    out.uint32(123'456);
  } else if (a.class_id == 70) {
    out.boolean(relay_closed);
  } else if (a.class_id == 40 && a.attribute == 3) {
    append(bytes, push_destination);
  } else if (a.class_id == 40) {
    out.array(2);
    column(out, 40, kTestPushObis);
    column(out, 7, kTestLoadObis);
  } else if (a.class_id == 1 && a.instance == dlms::Obis(0, 0, 43, 1, 0, 255)) {
    out.uint32(static_cast<std::uint32_t>(counters.peer_mark() < 0 ? 0 : counters.peer_mark()));
  } else {
    return dlms::DataAccessResult::kObjectUndefined;
  }
  return dlms::DataAccessResult::kSuccess;
}

inline dlms::DataAccessResult TestMeter::set(const dlms::AssociationContext&, const dlms::AttributeRef& a,
                                             const std::optional<dlms::SelectiveAccess>&, ByteView data) {
  dlms::DataTree tree;
  if (a.class_id == 40 && a.attribute == 3) {
    push_destination = Bytes(data.begin(), data.end());
    return dlms::DataAccessResult::kSuccess;
  }
  if (a.class_id != 8 || !tree.parse(data).ok()) return dlms::DataAccessResult::kReadWriteDenied;
  const auto stamp = dlms::date_time_from(tree.root().bytes());
  if (!stamp.ok()) return dlms::DataAccessResult::kTypeUnmatched;
  clock_offset_s = dlms::to_utc(*stamp, dlms::DeviationSign::kStandard, nullptr)->time - loop_.utc();
  ++clock_sets;
  return dlms::DataAccessResult::kSuccess;
}

inline dlms::ActionResult TestMeter::action(const dlms::AssociationContext&, const dlms::MethodRef& m,
                                            const std::optional<ByteView>&, Bytes&) {
  if (m.class_id != 70) return dlms::ActionResult::kObjectUndefined;
  relay_closed = m.method == 2;
  ++switched;
  lose_reply_now_ = std::exchange(lose_next_switch_reply, false);
  return dlms::ActionResult::kSuccess;
}

inline void TestMeter::list(const dlms::AssociationContext&, std::vector<dlms::ObjectEntry>& out) {
  out.push_back({8, 0, {0, 0, 1, 0, 0, 255}, 0, 9, 6, 4});
  out.push_back({3, 0, {1, 0, 1, 8, 0, 255}, 0, 3, 1, 0});
  out.push_back({7, 1, kTestLoadObis, 0, 8, 2, 0});
  out.push_back({7, 1, kTestLogObis, 0, 8, 2, 0});
  out.push_back({70, 0, kDisconnectorObis, 0, 4, 2, 0});
  out.push_back({40, 0, kTestPushObis, 0, 7, 1, 0});
}

}  // namespace amity::headend
