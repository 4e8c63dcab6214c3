;; The empty policy: it takes the request, looks at nothing, and accepts. What is measured with it is all that a policy
;; cannot change.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  ;; Room for the largest request; what is not touched takes no memory.
  (memory (export "memory") 128)
  (data (i32.const 64) "\"v1\"")
  (data (i32.const 96) "{\"valid\":true}")
  (data (i32.const 128) "{\"accepted\":true}")
  (func $say (param $at i32) (param $len i32) (result i32)
    (call $guest_response (local.get $at) (local.get $len))
    (i32.const 1))
  (func (export "wapc_init"))
  (func (export "__guest_call") (param $operation i32) (param $len i32) (result i32)
    ;; The three operations have names of different lengths.
    (if (i32.eq (local.get $operation) (i32.const 16))
      (then (return (call $say (i32.const 64) (i32.const 4)))))
    (call $guest_request (i32.const 1024) (i32.const 65536))
    (if (i32.eq (local.get $operation) (i32.const 17))
      (then (return (call $say (i32.const 96) (i32.const 14)))))
    (call $say (i32.const 128) (i32.const 17)))
  (@custom "io.kubewarden.metadata" "{\"rules\":[],\"mutating\":false,\"protocolVersion\":\"v1\",\"executionMode\":\"kubewarden-wapc\"}"))
