// One client's connection: requests in, answers out, in order. Belongs to one I/O thread.
#pragma once

#include <memory>
#include <string>

#include "api/api.h"
#include "api/http/parser.h"
#include "base/runtime.h"

namespace amity::api {

class Connection;

// What a connection needs of its thread.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual Api& api() = 0;
  virtual Timers& timers() = 0;
  virtual Instant now() = 0;
  virtual std::string_view http_date() = 0;
  // A request is complete: answers through Connection::answer(), now or later.
  virtual void serve(Connection& connection, Request request) = 0;
  virtual bool may_subscribe() = 0;
  virtual void subscribe(Connection& connection, const Subscription& subscription) = 0;
  virtual Connection* find(std::uint64_t id) = 0;  // null once it is gone
  // The connection is over; it is destroyed after the current callback.
  virtual void retire(std::uint64_t id) = 0;
  virtual std::unique_ptr<RequestParser> take_parser() = 0;
  virtual void give_parser(std::unique_ptr<RequestParser> parser) = 0;
};

class Connection : public Stream::Handler {
 public:
  Connection(ConnectionHost& host, std::uint64_t id, std::unique_ptr<Stream> stream, bool secure);
  ~Connection() override;

  std::uint64_t id() const { return id_; }
  const Endpoint& peer() const { return peer_; }
  bool secure() const { return secure_; }

  void answer(Response response);
  void set_principal(const PrincipalPtr& principal) { principal_ = principal; }
  // Of the live stream. A client that does not keep up is told so and dropped.
  void send_event(std::string_view text);
  // Ends what takes too long; called now and then.
  void check_time(Instant now);

 private:
  enum class State : std::uint8_t {
    kIdle,       // between requests
    kReading,    // a request has begun
    kServing,    // its answer is being made
    kStreaming,  // its answer is being made while it is sent
    kLive,       // joined the live stream
    kLingering,  // everything is said; reads on a moment, so that the client gets to read it
    kOver,
  };

  void on_open() override {}
  void on_bytes(ByteView bytes) override;
  void on_closed(const Error& why) override;
  void on_drained() override;

  std::size_t process(ByteView bytes);
  void process_pending();
  void begin_request();
  void refuse(int status, std::string_view detail);
  void write_answer(Response response);
  void finish_request();
  void pump();
  void flush();
  void log(int status, std::size_t bytes);
  void end();

  ConnectionHost& host_;
  const std::uint64_t id_;
  std::unique_ptr<Stream> stream_;
  Endpoint peer_;
  const bool secure_;
  State state_ = State::kIdle;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool http10_ = false;
  bool continued_ = false;
  bool processing_ = false;
  bool linger_ =
      false;  // the client may still be sending: hear it out, or it never reads the answer
  bool pump_posted_ = false;
  std::unique_ptr<RequestParser> parser_;
  Bytes pending_;  // received, not yet taken by the parser
  Bytes out_;      // written, not yet sent
  std::unique_ptr<BodySource> source_;
  std::string piece_;
  std::size_t streamed_bytes_ = 0;
  int streamed_status_ = 200;
  PrincipalPtr principal_;
  std::string method_, target_;  // of the request being answered, for the access log
  Instant since_;                // of `state_`
  Instant checked_;   // that a live client may still listen
  Instant progress_;             // output was last seen to move
  std::size_t queued_before_ = 0;
};

}  // namespace amity::api
