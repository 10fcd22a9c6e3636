#include "headend/image_transfer.h"

#include <algorithm>

#include "headend/waiting.h"
#include "wire/dlms/data_value.h"

namespace amity::headend {
namespace {

enum Attribute : std::int8_t {
  kBlockSize = 2,
  kTransferredBlocks = 3,
  kFirstNotTransferred = 4,
  kEnabled = 5,
  kStatus = 6,
  kToActivate = 7,
};
enum Method : std::int8_t { kInitiate = 1, kBlockTransfer = 2, kVerify = 3, kActivate = 4 };
enum TransferStatus : std::uint8_t {
  kInitiated = 1,
  kVerifying = 2,
  kVerified = 3,
  kVerificationFailed = 4,
  kActivating = 5,
  kActivated = 6,
  kActivationFailed = 7,
};

constexpr std::uint16_t kClass = 18;

struct Run {
  Runtime runtime;
  DeviceLink& link;
  ImageTransfer what;
  std::function<void(std::uint32_t, std::uint32_t)> progress;
  ImageOutcome outcome;
  std::uint32_t block_bytes = 0;
};

Task<Result<dlms::Data>> get(Run& r, std::int8_t attribute) {
  dlms::AttributeRequest request;
  request.attribute = {kClass, r.what.object, attribute};
  AMITY_CO_TRY(const Bytes encoded, co_await r.link.get_value(std::move(request)));
  dlms::DataTree tree;
  AMITY_CO_CHECK(tree.parse(encoded));
  co_return dlms::Data::from(tree.root());
}

Task<Result<std::uint32_t>> number(Run& r, std::int8_t attribute) {
  AMITY_CO_TRY(const dlms::Data value, co_await get(r, attribute));
  const bool fits = value.content().empty() && value.items().empty() && value.number() >= 0 &&
                    value.number() <= UINT32_MAX;
  if (!fits) co_return make_error(ErrorCode::kMalformed, "an attribute of the image transfer is no number");
  co_return static_cast<std::uint32_t>(value.number());
}

Task<Result<dlms::ActionResult>> call(Run& r, std::int8_t method, Bytes parameters) {
  dlms::MethodCall request;
  request.method = {kClass, r.what.object, method};
  request.parameters = std::move(parameters);
  AMITY_CO_TRY(const dlms::ItemResult result, co_await r.link.action(std::move(request)));
  co_return result.action;
}

Error refused(const std::string& what, dlms::ActionResult result) {
  return make_error(ErrorCode::kRefused, "the meter refuses " + what + ": " + std::string(dlms::to_string(result)));
}

Status check(const ImageTransfer& what) {
  if (what.image.empty()) return make_error(ErrorCode::kInvalid, "the image is empty");
  if (what.identification.empty() || what.identification.size() > 64)
    return make_error(ErrorCode::kInvalid, "an image's identification has 1 to 64 bytes");
  return {};
}

Task<Status> enable(Run& r) {
  AMITY_CO_TRY(const dlms::Data enabled, co_await get(r, kEnabled));
  if (enabled.type() == dlms::DataType::kBool && enabled.number() != 0) co_return Status{};
  dlms::AttributeWrite write;
  write.attribute = {kClass, r.what.object, kEnabled};
  dlms::DataWriter(write.data).boolean(true);
  co_return co_await r.link.set(std::move(write));
}

Task<Status> measure(Run& r) {
  AMITY_CO_TRY(r.block_bytes, co_await number(r, kBlockSize));
  if (r.block_bytes == 0 || r.block_bytes > kImageBlockBytesMax)
    co_return make_error(ErrorCode::kUnsupported, "image blocks of " + std::to_string(r.block_bytes) + " bytes");
  const std::size_t blocks = (r.what.image.size() + r.block_bytes - 1) / r.block_bytes;
  if (blocks > kImageBlocksMax) co_return make_error(ErrorCode::kLimit, "the image has too many blocks");
  r.outcome.blocks = static_cast<std::uint32_t>(blocks);
  co_return Status{};
}

Task<Status> initiate(Run& r) {
  Bytes parameters;
  dlms::DataWriter writer(parameters);
  writer.structure(2);
  writer.octet_string(r.what.identification);
  writer.uint32(static_cast<std::uint32_t>(r.what.image.size()));
  AMITY_CO_TRY(const dlms::ActionResult result, co_await call(r, kInitiate, std::move(parameters)));
  if (result != dlms::ActionResult::kSuccess) co_return refused("the transfer", result);
  co_return Status{};
}

// Which blocks the meter has; all false where it does not say, or speaks of an image of another length.
Task<Result<std::vector<bool>>> transferred(Run& r) {
  std::vector<bool> have(r.outcome.blocks, false);
  AMITY_CO_TRY(const dlms::Data bits, co_await get(r, kTransferredBlocks));
  if (bits.type() != dlms::DataType::kBitString || bits.bit_count() < have.size()) co_return have;
  for (std::size_t i = 0; i < have.size(); ++i) have[i] = (bits.content()[i / 8] >> (7 - i % 8) & 1) != 0;
  co_return have;
}

Task<Status> send_block(Run& r, std::uint32_t block) {
  const std::size_t at = std::size_t{block} * r.block_bytes;
  const std::size_t size = std::min<std::size_t>(r.block_bytes, r.what.image.size() - at);
  Bytes parameters;
  dlms::DataWriter writer(parameters);
  writer.structure(2);
  writer.uint32(block);
  writer.octet_string(ByteView(r.what.image).subspan(at, size));
  AMITY_CO_TRY(const dlms::ActionResult result, co_await call(r, kBlockTransfer, std::move(parameters)));
  if (result != dlms::ActionResult::kSuccess) co_return refused("block " + std::to_string(block), result);
  ++r.outcome.blocks_sent;
  co_return Status{};
}

// Everything that the meter has not; then what it still misses, a few times over.
Task<Status> send_missing(Run& r, bool fresh) {
  std::vector<bool> have(r.outcome.blocks, false);
  for (unsigned round = 0; round < kImageRoundsMax; ++round) {
    if (!fresh || round > 0) {
      AMITY_CO_TRY(have, co_await transferred(r));
    }
    auto done = static_cast<std::uint32_t>(std::count(have.begin(), have.end(), true));
    for (std::uint32_t block = 0; block < r.outcome.blocks; ++block) {
      if (have[block]) continue;
      AMITY_CO_CHECK(co_await send_block(r, block));
      if (r.progress) r.progress(++done, r.outcome.blocks);
    }
    AMITY_CO_TRY(const std::uint32_t missing, co_await number(r, kFirstNotTransferred));
    if (missing >= r.outcome.blocks) co_return Status{};
  }
  co_return make_error(ErrorCode::kRefused, "the meter keeps missing blocks after " +
                                                std::to_string(kImageRoundsMax) + " rounds");
}

// A method that is done at once or goes on by itself: then its end is waited for.
Task<Result<std::uint32_t>> run_to_end(Run& r, std::int8_t method, std::uint8_t under_way) {
  Bytes parameters;
  dlms::DataWriter(parameters).int8(0);
  AMITY_CO_TRY(const dlms::ActionResult result, co_await call(r, method, std::move(parameters)));
  const bool later = result == dlms::ActionResult::kTemporaryFailure;
  if (result != dlms::ActionResult::kSuccess && !later) {
    co_return refused(method == kVerify ? "to verify the image" : "to activate the image", result);
  }
  for (unsigned poll = 0;; ++poll) {
    AMITY_CO_TRY(const std::uint32_t status, co_await number(r, kStatus));
    if (status != under_way || poll == kImagePollsMax) co_return status;
    co_await SleepUntil(r.runtime.timers, r.runtime.clock.now() + r.what.poll_pause);
  }
}

Task<Status> verify(Run& r) {
  AMITY_CO_TRY(const std::uint32_t status, co_await run_to_end(r, kVerify, kVerifying));
  if (status != kVerified) {
    co_return make_error(ErrorCode::kRefused, status == kVerificationFailed
                                                  ? "the meter finds the image wrong"
                                                  : "verification ended in status " + std::to_string(status));
  }
  AMITY_CO_TRY(const dlms::Data info, co_await get(r, kToActivate));
  for (const dlms::Data& image : info.items()) {
    if (image.items().size() != 3) continue;
    const bool other = image.items()[0].number() != static_cast<std::int64_t>(r.what.image.size());
    if (other) co_return make_error(ErrorCode::kRefused, "the meter is about to activate an image of another size");
    r.outcome.signature_hex = to_hex(image.items()[2].content());
  }
  co_return Status{};
}

// A meter that restarts into its new image may not answer any more: that is no failure.
Task<Status> activate(Run& r) {
  const auto status = co_await run_to_end(r, kActivate, kActivating);
  if (!status.ok()) {
    const ErrorCode code = status.error().code;
    const bool gone = code == ErrorCode::kClosed || code == ErrorCode::kTimeout;
    if (!gone) co_return status.error();
    r.outcome.state = ImageOutcome::State::kActivating;
    co_return Status{};
  }
  if (*status == kActivationFailed) co_return make_error(ErrorCode::kRefused, "the activation failed");
  r.outcome.state = *status == kActivated ? ImageOutcome::State::kActivated : ImageOutcome::State::kActivating;
  co_return Status{};
}

}  // namespace

Task<Result<ImageOutcome>> transfer_image(Runtime runtime, DeviceLink& link, ImageTransfer transfer,
                                          std::function<void(std::uint32_t, std::uint32_t)> progress) {
  Run r{runtime, link, std::move(transfer), std::move(progress), {}, 0};
  AMITY_CO_CHECK(check(r.what));
  AMITY_CO_CHECK(co_await enable(r));
  AMITY_CO_CHECK(co_await measure(r));
  bool fresh = true;
  if (r.what.resume) {
    AMITY_CO_TRY(const std::uint32_t status, co_await number(r, kStatus));
    fresh = status != kInitiated;
  }
  if (fresh) {
    AMITY_CO_CHECK(co_await initiate(r));
  }
  AMITY_CO_CHECK(co_await send_missing(r, fresh));
  AMITY_CO_CHECK(co_await verify(r));
  if (r.what.activate) {
    AMITY_CO_CHECK(co_await activate(r));
  }
  co_return r.outcome;
}

}  // namespace amity::headend
