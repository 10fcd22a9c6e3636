// A virtual DLMS/COSEM meter: the objects of a meter (IEC 62056-6-2) over the energy that passes it. Knows
// nothing of sockets:
// a MeterHost attaches a connection. Its history is computed, not kept, so a meter is a few hundred bytes.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/runtime.h"
#include "session/dlms/counters.h"
#include "session/dlms/server.h"
#include "world/energy_book.h"
#include "world/meter_clock.h"
#include "world/meter_keys.h"
#include "world/meter_model.h"
#include "world/meter_objects.h"

namespace amity::world {

// What all meters of a fleet share. Outlives them.
struct MeterTown {
  EnergyBook* book = nullptr;
  const Clock* clock = nullptr;  // the true time
  std::uint64_t seed = 1;
  UtcSeconds born;               // when the meters were installed: the first interval ends after it
};

// A row of the load profile as the meter gives it, without its encoding.
struct ProfileRow {
  UtcSeconds stamp;
  Interval interval;
};

struct LogEntry {
  UtcSeconds time;
  std::uint8_t code = 0;
  std::uint8_t log = 0;  // index of kLogs
};

// Usual codes of event logs in the field (DLMS UA and national companion specifications).
enum MeterEvent : std::uint8_t {
  kEventPowerDown = 1, kEventPowerUp = 2, kEventClockOld = 4, kEventClockNew = 5, kEventClockInvalid = 6,
  kEventWatchdog = 15, kEventImageReady = 17, kEventImageActivated = 18, kEventCoverRemoved = 40,
      kEventCoverClosed = 41,
  kEventKeysChanged = 48, kEventDecryptionFailed = 49, kEventDisconnected = 62, kEventConnected = 63,
  kEventLimiterChanged = 67, kEventUndervoltage = 76, kEventVoltageNormal = 85,
};

class ResourceMeter;

class VirtualMeter final : public dlms::Objects {
 public:
  VirtualMeter(const MeterTown* town, std::uint32_t index, const MeterModel* model);

  std::uint32_t index() const { return index_; }
  const MeterModel& model() const { return *model_; }
  std::string serial() const;
  std::uint32_t interval_s() const { return town_->book->interval_s(); }
  MeterKeys keys() const;  // as changed by key transfer
  dlms::MemoryCounters& counters() { return counters_; }
  const dlms::MemoryCounters& counters() const { return counters_; }

  bool powered() const { return town_->book->powered(index_, town_->clock->utc()); }
  UtcSeconds true_time() const { return true_now(); }
  UtcSeconds meter_time() const { return clock_.read(town_->clock->utc()); }
  // The newest stamp that may have a row. A clock that is fast shows the end of an interval before
  // the interval is over.
  UtcSeconds newest_row() const {
    const std::int64_t length = interval_s();
    const UtcSeconds turn(meter_time().value / length * length);
    const auto end = clock_.true_end(turn);
    return end && *end > true_now() ? turn - length : turn;
  }
  std::int64_t clock_offset_ms() const { return clock_.offset_ms(town_->clock->utc()); }
  bool connected() const { return connected_; }
  // How often the method was executed, also where it changed nothing: a repeated command shows.
  std::uint32_t switchings(bool connect) const { return switchings_[connect ? 1 : 0]; }

  // What the meter has recorded and a complete read must give: stamps in (after, until], ascending.
  std::vector<ProfileRow> rows(UtcSeconds after, UtcSeconds until) const;
  // Cumulative registers at a true instant, without the registers' value at installation.
  Totals totals_at(UtcSeconds time) const;
  Totals register_offset() const;
  // The interval that is under way, as it will be when it is over.
  Interval under_way() const;
  // Ascending; at most kLogEntriesMax of the newest.
  std::vector<LogEntry> log(std::uint8_t log, UtcSeconds after, UtcSeconds until) const;

  // M-Bus devices behind it, read over a wire and captured once an hour (class 72): `channel` from 1
  // to kMbusChannels. From `since` on; whoever was there before is gone with its captured rows. The
  // device outlives the meter.
  void attach(std::uint8_t channel, const ResourceMeter* device, UtcSeconds since);
  bool has_mbus() const { return mbus_ != nullptr; }
  bool has(const ObjectSpec& spec) const {
    const bool switches =
        spec.kind == ObjectKind::kDisconnector || spec.kind == ObjectKind::kLimiter;
    return (!is_mbus(spec.kind) || has_mbus()) && (!switches || model_->relay);
  }
  const ResourceMeter* mbus_device(std::uint8_t channel) const;
  UtcSeconds mbus_since(std::uint8_t channel) const { return (*mbus_)[channel - 1u].since; }

  // Of a meter of the grid: the homes' meters whose energy passes it. What they switch off or limit
  // is missing here too. They outlive it.
  void set_beneath(std::vector<const VirtualMeter*> homes) { beneath_ = std::move(homes); }

  // Faults and works on site.
  bool jump_clock(std::int64_t by_s);
  void note(std::uint8_t log, std::uint8_t code);
  void reboot();  // volatile state is lost: an image under way, the alarm register

  // The body of a push (DataNotification), as push_object_list says: {push setup, serial, rows of the load profile in
  // (after, until]}, or for alarms {push setup, serial, rows of the standard log, rows of the tamper log}. Rows
  // are those
  // of the buffers, but stamps are never null.
  Bytes interval_push(UtcSeconds after, UtcSeconds until) const;
  Bytes alarm_push(UtcSeconds after, UtcSeconds until) const;
  // A push that somebody asked for by the push setup's method; taken once.
  bool take_push_request();

  // dlms::Objects
  dlms::DataAccessResult get(const dlms::AssociationContext& association, const dlms::AttributeRef& attribute,
                             const std::optional<dlms::SelectiveAccess>& access, Bytes& out) override;
  dlms::DataAccessResult set(const dlms::AssociationContext& association, const dlms::AttributeRef& attribute,
                             const std::optional<dlms::SelectiveAccess>& access, ByteView data) override;
  dlms::ActionResult action(const dlms::AssociationContext& association, const dlms::MethodRef& method,
                            const std::optional<ByteView>& parameters, Bytes& out) override;
  void list(const dlms::AssociationContext& association, std::vector<dlms::ObjectEntry>& out) override;

  std::size_t heap_bytes() const;

 private:
  friend class MeterMbus;
  friend class MeterValues;
  friend class MeterProfiles;
  friend class MeterSettings;

  // Less energy than the home wants, from `from` on.
  struct Curb {
    UtcSeconds from, to;       // [from, to)
    std::uint32_t limit_w = 0; // 0: disconnected, nothing flows either way
  };
  struct MbusChannel {
    const ResourceMeter* device = nullptr;
    UtcSeconds since;
  };
  // Kept only while somebody uses it.
  struct Extras {
    std::vector<std::pair<std::uint32_t, Bytes>> settings;  // object << 8 | attribute -> encoded value
    Bytes image;                // being transferred
    Bytes image_blocks;         // bit per block, first block in the highest bit
    Bytes image_name;
    std::uint8_t image_status = 0;
    bool image_enabled = true;
    std::unique_ptr<MeterKeys> keys;  // changed ones
    std::uint32_t alarms = 0;
    std::uint32_t limiter_w = 0;      // 0: not active
    std::uint32_t limiter_over_s = 60;
  };

  UtcSeconds true_now() const { return town_->clock->utc(); }
  bool curbed() const;
  Interval measured(const Interval& natural, UtcSeconds end) const;
  Interval curbed_beneath(Interval natural, UtcSeconds end) const;
  Interval interval_ending(UtcSeconds end) const;
  Totals before(TownDay day) const;  // from installation to the start of the day
  Extras& extras() { return *(extras_ ? extras_ : (extras_ = std::make_unique<Extras>())); }
  bool begin_curb(std::uint32_t limit_w);
  void end_curb();

  const MeterTown* town_;
  const MeterModel* model_;
  std::uint32_t index_;
  bool connected_ = true;
  std::uint8_t control_mode_ = 2;
  bool push_requested_ = false;
  std::uint32_t switchings_[2] = {0, 0};  // disconnect, connect
  MeterClock clock_;
  dlms::MemoryCounters counters_{1, -1};
  std::vector<Curb> curbs_;
  std::vector<const VirtualMeter*> beneath_;
  std::vector<LogEntry> own_events_;
  std::unique_ptr<Extras> extras_;
  std::unique_ptr<std::array<MbusChannel, kMbusChannels>> mbus_;  // of meters that have M-Bus clients
  mutable std::vector<Totals> checkpoints_;  // at the start of every kCheckpointDays-th day since installation
  mutable Totals recent_;                    // at the start of recent_day_
  mutable TownDay recent_day_{INT32_MIN};
};

}  // namespace amity::world
