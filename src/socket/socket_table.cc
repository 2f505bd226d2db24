#include "socket_table.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "budget.h"
#include "owned_descriptors.h"
#include "raw/blocking.h"
#include "socket_wrap.h"
#include "sys/calls.h"

namespace afunix {

// Finds the socket that the first argument names and calls a method of it with the others.
template <auto Method>
napi_value SocketTable::OnSocket(const Arguments& arguments) {
  SocketWrap* socket = Find(arguments.Uint(0));
  if (socket == nullptr) return ToValue(env, -EBADF);
  return ToValue(env, (socket->*Method)(arguments.Rest()));
}

// One method of SocketWrap with kMax arguments, as a function of an id and these.
template <auto Method, size_t kMax>
napi_property_descriptor SocketTable::SocketFunction(const char* name) {
  return Function<&SocketTable::OnSocket<Method>, kMax + 1>(name, this);
}

napi_value SocketTable::MakeExports() {
  using Self = SocketTable;
  using Socket = SocketWrap;
  return MakeObject(env, {
                             Function<&Self::SetClass>("setClass", this),
                             Function<&Self::Open>("open", this),
                             Function<&Self::OpenPair>("openPair", this),
                             Function<&Self::Adopt>("adopt", this),
                             Function<&Self::Watch>("watch", this),
                             SocketFunction<&Socket::GetFd, 0>("fd"),
                             SocketFunction<&Socket::ShowFd, 0>("showFd"),
                             SocketFunction<&Socket::GetBoundPath, 0>("boundPath"),
                             SocketFunction<&Socket::WaitReadable, 2>("waitReadable"),
                             SocketFunction<&Socket::StartReceiving, 2>("startReceiving"),
                             SocketFunction<&Socket::WaitWritable, 0>("waitWritable"),
                             SocketFunction<&Socket::IsSendBufferFull, 0>("isSendBufferFull"),
                             SocketFunction<&Socket::Stop, 1>("stop"),
                             SocketFunction<&Socket::Ref, 0>("ref"),
                             SocketFunction<&Socket::Unref, 0>("unref"),
                             SocketFunction<&Socket::Configure, 4>("configure"),
                             SocketFunction<&Socket::PassRights, 1>("passRights"),
                             SocketFunction<&Socket::Receive, 2>("receive"),
                             SocketFunction<&Socket::ReceiveInto, 2>("receiveInto"),
                             SocketFunction<&Socket::Read, 2>("read"),
                             SocketFunction<&Socket::ReceiveOrWait, 1>("receiveOrWait"),
                             SocketFunction<&Socket::ReadOrWait, 1>("readOrWait"),
                             SocketFunction<&Socket::Send, 3>("send"),
                             SocketFunction<&Socket::SendSmall, 3>("sendSmall"),
                             SocketFunction<&Socket::SendMessage, 5>("sendMessage"),
                             SocketFunction<&Socket::SendMany, kMaxSendMany + 1>("sendMany"),
                             SocketFunction<&Socket::SendFile, 3>("sendFile"),
                             SocketFunction<&Socket::Bind, 8>("bind"),
                             SocketFunction<&Socket::AdoptPath, 1>("adoptPath"),
                             SocketFunction<&Socket::Connect, 1>("connect"),
                             SocketFunction<&Socket::Disconnect, 0>("disconnect"),
                             SocketFunction<&Socket::Accept, 0>("accept"),
                             SocketFunction<&Socket::Shutdown, 1>("shutdown"),
                             SocketFunction<&Socket::CloseHandle, 0>("close"),
                             SocketFunction<&Socket::Detach, 0>("detach"),
                             SocketFunction<&Socket::Stats, 1>("stats"),
                         });
}

napi_value SocketTable::MakeSlabExports() {
  using Self = SocketTable;
  return MakeObject(env, {
                             Value("numbers", slab.numbers(env)),
                             Function<&Self::SlabChunk>("chunk", this),
                             Function<&Self::SlabTake>("take", this),
                             Function<&Self::SlabTakeAncillary>("takeAncillary", this),
                         });
}

uint32_t SocketTable::Add(SocketWrap* socket) {
  if (free_ids_.empty()) {
    sockets_.push_back(socket);
    return static_cast<uint32_t>(sockets_.size() - 1);
  }
  const uint32_t id = free_ids_.back();
  free_ids_.pop_back();
  sockets_[id] = socket;
  return id;
}

void SocketTable::Remove(uint32_t id) {
  sockets_[id] = nullptr;
  free_ids_.push_back(id);
}

void SocketTable::CloseAll() {
  for (SocketWrap* socket : sockets_) {
    if (socket != nullptr) socket->CloseAtEnd();
  }
}

napi_value SocketTable::MakeHandle(sys::UniqueFd fd, int type, bool shown) {
  // Any of these may fail while a worker is being terminated: the descriptor always has its owner.
  auto* socket = new SocketWrap(this, std::move(fd), type);
  if (shown) socket->SetShown();
  napi_value constructor = nullptr, handle = nullptr;
  const napi_value arguments[] = {ToValue(env, socket->id()), ToValue(env, type)};
  if (napi_get_reference_value(env, handle_class_, &constructor) != napi_ok ||
      napi_new_instance(env, constructor, std::size(arguments), arguments, &handle) != napi_ok ||
      !socket->Attach(handle)) {
    delete socket;
    return nullptr;
  }
  return handle;
}

// setClass(Handle, onReadable, onWritable, setImmediate): the class of what is made, the
// dispatchers, and what the loop needs.
napi_value SocketTable::SetClass(const Arguments& arguments) {
  napi_ref immediate = nullptr;
  napi_ref* const references[] = {&handle_class_, &on_readable_, &on_writable_, &immediate};
  for (size_t i = 0; i < std::size(references); i++) {
    napi_valuetype type;
    if (*references[i] != nullptr || napi_typeof(env, arguments[i], &type) != napi_ok ||
        type != napi_function) {
      continue;
    }
    napi_create_reference(env, arguments[i], 1, references[i]);
  }
  loop->set_immediate(immediate);
  return nullptr;
}

// open(type)
napi_value SocketTable::Open(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int type = arguments.Int(0, -1);
  int result = sys::Socket(AF_UNIX, type, 0, sys::kDefault, &fd);
  if (result == 0) result = SocketWrap::SetUp(fd.get(), type);
  return result < 0 ? ToValue(env, result) : MakeHandle(std::move(fd), type);
}

// openPair(type)
napi_value SocketTable::OpenPair(const Arguments& arguments) {
  sys::UniqueFd first, second;
  const int type = arguments.Int(0, -1);
  int result = sys::SocketPair(AF_UNIX, type, 0, sys::kDefault, &first, &second);
  if (result == 0) result = SocketWrap::SetUp(first.get(), type);
  if (result == 0) result = SocketWrap::SetUp(second.get(), type);
  if (result < 0) return ToValue(env, result);
  napi_value one = MakeHandle(std::move(first), type);
  napi_value other = MakeHandle(std::move(second), type);
  return MakeArray(env, one, other);
}

// adopt(fd)
napi_value SocketTable::Adopt(const Arguments& arguments) {
  const int fd = arguments.Int(0, -1);
  sys::SocketKind kind;
  int result = sys::DescribeSocket(fd, &kind);
  if (result == 0 && kind.domain != AF_UNIX) result = -EAFNOSUPPORT;
  if (result == 0) result = sys::Adopt(fd, sys::kDefault);
  if (result == 0) result = SocketWrap::SetUp(fd, kind.type);
  if (result < 0) return ToValue(env, result);
  owned->Remove(fd);
  blocking_->Remove(fd);
  return MakeHandle(sys::UniqueFd(fd), kind.type, true);
}

// watch(fd)
napi_value SocketTable::Watch(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(arguments.Int(0, -1), &fd);
  return result < 0 ? ToValue(env, result) : MakeHandle(std::move(fd), 0);
}

// slab.chunk(source)
napi_value SocketTable::SlabChunk(const Arguments& arguments) {
  return slab.chunk(env, arguments.Int(0, -1));
}

// slab.take(index)
napi_value SocketTable::SlabTake(const Arguments& arguments) {
  return slab.Take(env, arguments.Uint(0));
}

// slab.takeAncillary(index, maxRights, placeholders)
napi_value SocketTable::SlabTakeAncillary(const Arguments& arguments) {
  size_t count = 0;
  const uint32_t max_rights = arguments.count > 1 ? arguments.Uint(1) : 0;
  const bool placeholders = arguments.Bool(2);
  const int32_t* ancillary =
      slab.TakeAncillary(env, arguments.Uint(0), max_rights, placeholders, &count);
  if (ancillary == nullptr) return nullptr;
  // From here on the environment owns them, until FileDescriptor closes or disowns them.
  for (size_t i = 0; i < count; i++) {
    const int fd = ancillary[ReceiveSlab::kRights + i];
    if (fd >= 0) owned->Add(sys::UniqueFd(fd));
  }
  const int pidfd = ancillary[ReceiveSlab::kPidFd];
  if (pidfd >= 0) owned->Add(sys::UniqueFd(pidfd));
  return ToValue(env, count);
}

void SocketTable::Dispatch(napi_ref function, napi_value handle, int result) {
  napi_value callback = nullptr;
  const napi_value argument = ToValue(env, result);
  if (handle == nullptr || napi_get_reference_value(env, function, &callback) != napi_ok) return;
  // Through a callback scope: microtasks and process.nextTick() run before it returns.
  napi_value returned;  // Deno wants to have it
  if (napi_make_callback(env, nullptr, handle, callback, 1, &argument, &returned) == napi_ok)
    return;
  bool pending = false;
  napi_value error;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);  // 'uncaughtException'
  }
}

}  // namespace afunix
