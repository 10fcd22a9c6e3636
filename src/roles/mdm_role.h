// The department of validation: follows the journal, validates each channel's local day once it is
// over, has the meter asked again for what is missing, estimates it when that was in vain, takes
// late readings in as corrections, and carries out edits. What it decides it writes to the journal
// (ReadingsFinal); raw readings never change. At least once and idempotent: a decision that the
// store has already is not made again. Any thread may ask.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "api/services.h"
#include "base/runtime.h"
#include "mdm/edit/edit_desk.h"
#include "mdm/estimate/storm.h"
#include "mdm/facts/facts.h"
#include "mdm/validate/rules_toml.h"
#include "roles/mdm_settler.h"
#include "store/store.h"

namespace amity::roles {

struct MdmOptions {
  mdm::RuleBook rules;                    // empty: what Amity ships
  mdm::UtilityFacts facts;                // holidays, ratings, typical use, check channels
  std::int64_t validate_after_s = 7'200;  // after the end of the local day
  mdm::RereadPolicy reread;
  mdm::EstimatePolicy estimate;
  mdm::StormPolicy storm;
  mdm::EditPolicy edits;
  int bill_day = 1;  // of the month, 1..28: the order of the queue
};

struct MdmCounts {
  std::uint64_t days_validated = 0, decisions = 0, corrections = 0, rereads = 0, edits_applied = 0;
  std::uint64_t errors = 0;  // of the store, while settling
  std::array<std::uint64_t, mdm::kRules> failures{}, warnings{};
  std::map<std::uint8_t, std::uint64_t> estimates;  // intervals, by method
};

class MdmRole {
 public:
  static constexpr const char* kDepartment = "mdm";
  // Asks the meter for the intervals of (after, until] again.
  using RequestRead = std::function<void(DeviceId device, UtcSeconds after, UtcSeconds until)>;
  using OnEdit = api::Services::OnEdit;

  MdmRole(store::Store& store, const Clock& clock, TimeZone zone, MdmOptions options);
  ~MdmRole();

  void set_request_read(RequestRead request) { request_read_ = std::move(request); }
  // Reads master data, the channels' memories, the queue and the edits that are open.
  Status load();
  void handle(const store::JournalEntry& entry);
  // What time brings; every minute or oftener.
  void tick();
  Status save();

  // By bill date, then the largest amount first.
  std::vector<api::VeeException> queue() const;
  Result<std::vector<api::VeeExplained>> explain(const VeeDay& day);
  void propose(Edit edit, OnEdit done);
  void decide(const api::Services::EditDecision& decision, OnEdit done);
  MdmCounts counts() const;
  std::array<std::uint64_t, kVeeStates> queue_lengths() const;
  std::size_t areas_in_storm() const;

 private:
  struct Area {
    mdm::StormGuard guard;
    struct Day {
      std::int32_t day = 0;
      std::uint32_t devices = 0;
      std::uint64_t expected = 0, received = 0;
    };
    std::map<std::int32_t, Day> open;  // days that are still being counted
    std::deque<Day> closed;            // what the guard has been told
    bool changed = false;
  };
  struct Work {  // facts of one channel that wait to become durable together
    ChannelId channel;
    SettleRequest request;
    Settled settled;
    std::vector<ReadingsFinal> facts;
    EditId edit;
  };
  struct Read {
    DeviceId device;
    UtcSeconds after, until;
  };

  Status load_channels();
  Status load_memories();
  bool add_channel(const Channel& channel, const std::vector<Channel>& siblings);
  // What master data and the utility's facts say of a channel; mdm_learn.cc.
  struct Place {
    Device device;
    std::string point;
    CustomerId customer;
    std::vector<Installation> installations;  // of the point, ascending
  };
  Result<std::optional<Place>> place_of(DeviceId device);
  void learn(MdmChannel& c, const Place& place, const std::vector<Channel>& siblings);
  void learn_rules(MdmChannel& c);
  void learn_facts(MdmChannel& c, const Place& place);
  void learn_life(MdmChannel& c, const Place& place);
  using LearnMeter =
      std::function<void(const Event&, const Place&, const std::vector<Channel>& channels)>;
  void each_meter(const EventsArrived& of, const LearnMeter& learn_meter);
  void learn_exchange(const EventsArrived& exchanged);
  void learn_ratios(const EventsArrived& changed);
  void multiply_anew(MdmChannel& c, const Channel& known);
  void look_again(MdmChannel& c, std::int32_t from, std::int32_t to);
  void cut_short(MdmChannel& c);
  bool bounded_at(const MdmChannel& c, UtcSeconds time);
  UtcSeconds interval_begin(const MdmChannel& c, UtcSeconds time) const;
  bool waits_for_predecessor(const MdmChannel& c);
  MdmChannel* channel_of(ChannelId id);
  void take(const ReadingsArrived& arrived);
  void take_register(const Reading& reading, MdmChannel& of);
  bool is_news(const MdmChannel& c, std::int32_t day, const Reading& reading);
  void begin_channel(MdmChannel& c);
  void begin_earlier(MdmChannel& c, std::int32_t day);
  void land(MdmChannel& c);
  void set_next_end(MdmChannel& c);
  void plan(std::vector<Work>& work, std::vector<Read>& reads);
  void plan_channel(MdmChannel& c, UtcSeconds now, std::vector<Work>& work,
                    std::vector<Read>& reads);
  Result<Settled> settle_first_part(const MdmChannel& channel, const SettleRequest& request);
  bool settle(MdmChannel& c, SettleRequest request, std::vector<Work>& work);
  void publish(std::vector<Work> work);
  void done(const std::shared_ptr<Work>& work);
  void count(const ReadingsFinal& fact);
  void remember(const VeeDay& day);
  void close_areas(UtcSeconds now);
  Status save_areas(std::vector<std::pair<std::string, Bytes>>& states);
  Status load_areas();

  // Supply switched off and on; mdm_supply.cc.
  void take_switch(DeviceId device, UtcSeconds at, bool on);
  void take_switch(const CommandChanged& changed);
  void take_switches(const EventsArrived& arrived);
  Status load_supplies();
  void save_supplies(std::vector<std::pair<std::string, Bytes>>& states);

  // Edits; mdm_edits.cc.
  Status admit(Edit& edit);
  Status find_days(Edit& edit);
  Status check_days(const Edit& edit);
  Status add_linked(Edit& edit);
  bool accepted_before(const store::FinalDay& stored, EditId undone);
  // Those that are carried out.
  std::vector<Edit> plan_edits(std::vector<Work>& work);
  void finish_edit(Edit edit);
  // False while some of its days wait.
  bool plan_edit(Edit& edit, std::vector<Work>& work);
  Result<std::optional<ReadingsFinal>> edited(const Edit& edit, const store::FinalDay& day);
  void append_edit(Edit edit, OnEdit done);
  Decision decision_of(const Edit& edit) const;

  store::Store& store_;
  const Clock& clock_;
  TimeZone zone_;
  MdmOptions options_;
  mdm::DayCalendar calendar_;
  MdmSettler settler_;
  RequestRead request_read_;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<mdm::RuleSet>> rule_sets_;  // scaled
  std::map<std::pair<const mdm::RuleSet*, int>, const mdm::RuleSet*> scaled_;
  std::map<std::pair<const mdm::UseProfile*, std::uint32_t>, mdm::ClassProfile> profiles_;
  std::unordered_map<CustomerId, std::string> class_of_;
  std::unordered_map<ChannelId, std::unique_ptr<MdmChannel>> channels_;
  std::vector<MdmChannel*> order_;  // by id
  std::unordered_set<ChannelId> not_ours_;
  std::unordered_map<ChannelId, MdmChannel*> totals_;
  struct ClockSeen {
    UtcSeconds at;
    std::int32_t offset_s = 0;
  };
  std::unordered_map<DeviceId, ClockSeen> clocks_;
  std::unordered_map<DeviceId, SupplyHistory> supplies_;
  std::set<DeviceId> supplies_changed_;  // since they were saved
  std::map<std::string, Area> areas_;
  std::map<EditDay, VeeDay> exceptions_;
  std::map<EditId, Edit> approved_;
  EditId newest_edit_;
  std::unordered_set<std::uint64_t> deciding_;
  MdmCounts counts_;
  std::shared_ptr<std::atomic<bool>> alive_ = std::make_shared<std::atomic<bool>>(true);
};

// The next date on or after `day` that bills are made on.
std::int32_t bill_date(std::int32_t day, int bill_day);

}  // namespace amity::roles
