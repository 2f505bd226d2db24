{
  "targets": [
    {
      "target_name": "afunix",
      "sources": [
        "src/addon.cc",
        "src/loop/busy_poll.cc",
        "src/loop/direct_watch.cc",
        "src/loop/libuv.cc",
        "src/loop/loop_watch.cc",
        "src/loop/poller.cc",
        "src/loop/thread_watch.cc",
        "src/napi/message_values.cc",
        "src/operator_new.cc",
        "src/raw/attributes.cc",
        "src/raw/blocking.cc",
        "src/raw/calls.cc",
        "src/raw/messages.cc",
        "src/socket/calls.cc",
        "src/socket/memory_calls.cc",
        "src/socket/owned_descriptors.cc",
        "src/socket/pidfd_calls.cc",
        "src/socket/receive_slab.cc",
        "src/socket/sends.cc",
        "src/socket/socket_table.cc",
        "src/socket/socket_wrap.cc",
        "src/sys/absolute_path.cc",
        "src/sys/account.cc",
        "src/sys/address.cc",
        "src/sys/ancillary.cc",
        "src/sys/attributes.cc",
        "src/sys/bound_path.cc",
        "src/sys/calls.cc",
        "src/sys/constants.cc",
        "src/sys/file_status.cc",
        "src/sys/link_way.cc",
        "src/sys/made_file.cc",
        "src/sys/memory_map.cc",
        "src/sys/messages.cc",
        "src/sys/pidfd.cc",
        "src/sys/probe.cc",
        "src/sys/readiness.cc",
        "src/sys/ready_set.cc",
        "src/sys/sealed_file.cc",
        "src/sys/send_file.cc",
        "src/sys/temporary_name.cc",
        "src/sys/wait_set.cc"
      ],
      "include_dirs": ["src"],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-fvisibility=hidden", "-Wall", "-Wextra", "-Os", "-ffunction-sections", "-fdata-sections"],
      "cflags_cc": ["-std=c++17", "-fvisibility-inlines-hidden"],
      "ldflags": [
        "-Wl,--version-script=../src/exports.map",
        "-Wl,--gc-sections"
      ],
      "cflags!": ["-fno-exceptions", "-O3"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "conditions": [
        ["OS=='linux'", { "ldflags": ["-nodefaultlibs"], "libraries": ["-lc", "-lpthread", "-lgcc"] }]
      ],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "OTHER_LDFLAGS": [
          "-Wl,-exported_symbol,_napi_register_module_v1",
          "-Wl,-exported_symbol,_node_api_module_get_api_version_v1",
          "-Wl,-dead_strip"
        ]
      }
    }
  ]
}
