// A driver over one connection with one session machine on it.
#pragma once

#include "headend/report_driver.h"
#include "headend/session_link.h"

namespace amity::headend {

template <class Session>
class LinkDriver : public ReportDriver {
 public:
  void abort(Error why) override {
    if (link_) link_->abort(std::move(why));
  }
  bool security_failure() const override {
    return ReportDriver::security_failure() && !untrusted();
  }
  bool untrusted() const override { return link_ && link_->untrusted(); }
  bool connected() const override { return link_ && link_->up(); }
  Traffic traffic() const override { return link_ ? link_->traffic() : Traffic{}; }

 protected:
  LinkDriver(DriverContext& context, Meter& meter) : ReportDriver(context, meter) {}

  // The connection or the port; not yet the session.
  Task<Status> connect(Session session) {
    link_ = std::make_unique<SessionLink<Session>>(c_.runtime, c_.pool, meter_.address,
                                                   std::move(session));
    co_return co_await link_->open();
  }

  std::unique_ptr<SessionLink<Session>> link_;
};

}  // namespace amity::headend
