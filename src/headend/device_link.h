// One conversation with one meter as something to await: a connection, the DLMS client machine on it, its timer and
// its invocation counters. One request at a time. Destroying the link drops the conversation where it stands.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/runtime.h"
#include "base/task.h"
#include "headend/address.h"
#include "headend/connection_pool.h"
#include "headend/counter_book.h"
#include "session/dlms/client.h"

namespace amity::headend {

class DeviceLink : private Stream::Handler {
 public:
  // `book` is null where nothing is ciphered. `pool` and `book` outlive the link.
  DeviceLink(Runtime runtime, ConnectionPool& pool, Address address, dlms::ClientConfig config, CounterBook* book,
             KeyName key);
  // For one conversation without a key ring: counters of the caller, null where nothing is ciphered.
  DeviceLink(Runtime runtime, ConnectionPool& pool, Address address, dlms::ClientConfig config,
             dlms::InvocationCounters* counters);
  ~DeviceLink() override;
  DeviceLink(const DeviceLink&) = delete;
  DeviceLink& operator=(const DeviceLink&) = delete;

  // Connects and associates.
  Task<Result<dlms::Connected>> connect();
  // One item per attribute, in the order asked; a refused item is no failure. Several go in one request where the
  // meter can, else one after the other.
  Task<Result<std::vector<dlms::ItemResult>>> get(std::vector<dlms::AttributeRequest> attributes);
  // The value; a refusal is an error.
  Task<Result<Bytes>> get_value(dlms::AttributeRequest attribute);
  Task<Status> set(dlms::AttributeWrite write);
  Task<Result<dlms::ItemResult>> action(dlms::MethodCall call);
  // Ends politely; a shared connection goes back to the pool.
  Task<void> release();
  // What is awaited fails with kTimeout or what is given: a conversation that lasts too long.
  void abort(Error why);

  bool connected() const { return client_.connected(); }
  bool untrusted() const { return untrusted_; }  // TLS failed
  // The meter's answer to a wrong counter: what it expects. A hint of somebody unauthenticated.
  std::optional<std::uint32_t> expected_counter() const { return expected_counter_; }
  const dlms::ClientStatistics& statistics() const { return client_.statistics(); }

 private:
  struct Counters : dlms::InvocationCounters {
    Counters(CounterBook* b, KeyName k) : book(b), key(k) {}
    Result<std::uint32_t> next_own() override;
    Status accept_peer(std::uint32_t counter) override;
    CounterBook* book;
    KeyName key;
  };
  // The next event of the machine.
  struct EventAwaiter {
    DeviceLink* link;
    bool await_ready();
    void await_suspend(std::coroutine_handle<> h) { link->waiter_ = h; }
    dlms::ClientEvent await_resume();
  };
  EventAwaiter next_event() { return EventAwaiter{this}; }

  void on_open() override;
  void on_bytes(ByteView bytes) override;
  void on_closed(const Error& why) override;
  void on_timer();
  bool take_event();
  void pump();
  void arm();
  Task<Status> reserve_counters();
  Task<Result<std::vector<dlms::ItemResult>>> answer();
  Error failure(const dlms::Failed& failed);

  Runtime runtime_;
  ConnectionPool& pool_;
  Address address_;
  Counters counters_;
  dlms::Client client_;
  std::unique_ptr<Stream> stream_;
  bool reused_ = false;
  bool untrusted_ = false;
  bool several_ = false;  // the meter takes several attributes in one request
  std::optional<dlms::ClientEvent> event_;
  std::coroutine_handle<> waiter_;
  std::optional<std::uint32_t> expected_counter_;
  TimerId timer_ = 0;
  Instant timer_at_;
};

}  // namespace amity::headend
