#include "message_values.h"

#include <cerrno>

#include "values.h"

namespace afunix {

namespace {

bool GetField(napi_env env, napi_value object, const char* name, int64_t* out) {
  napi_value value;
  return napi_get_named_property(env, object, name, &value) == napi_ok && GetInt64(env, value, out);
}

napi_value MakeRights(napi_env env, const sys::Ancillary& ancillary) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, ancillary.rights_count, &array) != napi_ok) return nullptr;
  for (size_t i = 0; i < ancillary.rights_count; ++i) {
    napi_value fd = ToValue(env, ancillary.rights[i]);
    if (napi_set_element(env, array, static_cast<uint32_t>(i), fd) != napi_ok) return nullptr;
  }
  return array;
}

}  // namespace

int BufferList::Append(napi_env env, napi_value buffers) {
  Bytes bytes;
  if (GetBytes(env, buffers, &bytes)) {
    buffers_.push_back(buffers);
    return 0;
  }
  uint32_t count;
  if (!GetArrayLength(env, buffers, &count)) return -EINVAL;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value value;
    if (napi_get_element(env, buffers, i, &value) != napi_ok) return -EINVAL;
    buffers_.push_back(value);
  }
  return 0;
}

int BufferList::LookUp(napi_env env, sys::Array<iovec>* out) const {
  for (napi_value value : buffers_) {
    Bytes bytes;
    if (!GetBytes(env, value, &bytes)) return -EINVAL;
    out->push_back({bytes.data, bytes.length});
  }
  return 0;
}

int ReadAddress(napi_env env, napi_value value, sys::Address* out, sys::AddressWay* way,
                bool* present) {
  *present = !IsUndefined(env, value);
  if (!*present) return 0;
  Bytes bytes;
  if (!GetBytes(env, value, &bytes)) return -EINVAL;
  return out->Resolve(bytes.view(), way);
}

int ReadRights(napi_env env, napi_value rights, sys::ControlBuilder* out) {
  if (IsUndefined(env, rights)) return 0;
  int fds[sys::kMaxRights];
  if (GetInt(env, rights, &fds[0])) return out->AddRights(fds, 1);
  uint32_t count;
  if (!GetArrayLength(env, rights, &count) || count > sys::kMaxRights) return -EINVAL;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value value;
    if (napi_get_element(env, rights, i, &value) != napi_ok || !GetInt(env, value, &fds[i])) {
      return -EINVAL;
    }
  }
  return out->AddRights(fds, count);
}

int ReadCredentials(napi_env env, napi_value object, sys::ControlBuilder* out) {
  if (IsUndefined(env, object)) return 0;
  int64_t pid, uid, gid;
  if (!IsObject(env, object) || !GetField(env, object, "pid", &pid) ||
      !GetField(env, object, "uid", &uid) || !GetField(env, object, "gid", &gid)) {
    return -EINVAL;
  }
  sys::Credentials credentials;
  credentials.pid = static_cast<pid_t>(pid);
  credentials.uid = static_cast<uid_t>(uid);
  credentials.gid = static_cast<gid_t>(gid);
  if (credentials.pid != pid || credentials.uid != uid || credentials.gid != gid) return -EINVAL;
  return out->AddCredentials(credentials);
}

napi_value MakeCredentials(napi_env env, const sys::Credentials& credentials) {
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      !SetField(env, object, "pid", ToValue(env, int64_t{credentials.pid})) ||
      !SetField(env, object, "uid", ToValue(env, int64_t{credentials.uid})) ||
      !SetField(env, object, "gid", ToValue(env, int64_t{credentials.gid}))) {
    return nullptr;
  }
  return object;
}

bool SetAncillary(napi_env env, napi_value object, const sys::Ancillary& ancillary) {
  napi_value none;
  if (napi_get_undefined(env, &none) != napi_ok) return false;
  napi_value credentials =
      ancillary.has_credentials ? MakeCredentials(env, ancillary.credentials) : none;
  napi_value pidfd = ancillary.pidfd ? ToValue(env, ancillary.pidfd.get()) : none;
  napi_value security = none;
  if (ancillary.security != nullptr) {
    security = MakeBuffer(
        env, {reinterpret_cast<const char*>(ancillary.security), ancillary.security_length});
  }
  napi_value inq = ancillary.has_inq ? ToValue(env, ancillary.inq) : none;
  napi_value timestamp = none;
  if (ancillary.has_timestamp &&
      napi_create_double(env, ancillary.timestamp, &timestamp) != napi_ok) {
    return false;
  }
  return SetField(env, object, "rights", MakeRights(env, ancillary)) &&
         SetField(env, object, "credentials", credentials) &&
         SetField(env, object, "pidfd", pidfd) && SetField(env, object, "security", security) &&
         SetField(env, object, "inq", inq) && SetField(env, object, "timestamp", timestamp);
}

}  // namespace afunix
