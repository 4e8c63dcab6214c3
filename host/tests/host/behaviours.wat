;; A policy that does what the first letter of the request's uid tells it to.
;; The payload starts with {"request":{"uid":" and is written to $payload, so the letter is 19 bytes on.
;; The Rust side puts the texts and their $…_at and $…_len globals in front of this.
(func $say (param $at i32) (param $len i32) (result i32)
  (call $guest_response (local.get $at) (local.get $len))
  (i32.const 1))

(func $deeper (param $n i32) (result i32)
  (i32.add (call $deeper (i32.add (local.get $n) (i32.const 1))) (i32.const 1)))

(func $allocate_for_ever
  (loop $more
    (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable)))
    (br $more)))

;; Asks the host and passes its answer on as the mutated object, its error as the policy's own.
(func $ask (param $question i32) (param $len i32) (result i32)
  (local $answered i32)
  (if (i32.eqz (call $host_call
        (global.get $kubewarden_at) (global.get $kubewarden_len)
        (global.get $kubernetes_at) (global.get $kubernetes_len)
        (global.get $get_resource_at) (global.get $get_resource_len)
        (local.get $question) (local.get $len)))
    (then
      (call $host_error (global.get $buffer))
      (call $guest_error (global.get $buffer) (call $host_error_len))
      (return (i32.const 0))))
  (memory.copy (global.get $buffer) (global.get $echo_at) (global.get $echo_len))
  (local.set $answered (i32.add (global.get $buffer) (global.get $echo_len)))
  (call $host_response (local.get $answered))
  (local.set $answered (i32.add (local.get $answered) (call $host_response_len)))
  (i32.store8 (local.get $answered) (i32.const 125))
  (call $say (global.get $buffer) (i32.sub (i32.add (local.get $answered) (i32.const 1)) (global.get $buffer))))

;; poll_oneoff on one clock, an hour ahead.
(func $sleep
  (i32.store (i32.add (global.get $buffer) (i32.const 16)) (i32.const 1))
  (i64.store (i32.add (global.get $buffer) (i32.const 24)) (i64.const 3600000000000))
  (drop (call $poll_oneoff (global.get $buffer) (i32.add (global.get $buffer) (i32.const 256))
    (i32.const 1) (i32.add (global.get $buffer) (i32.const 512)))))

(func $nap
  (i32.store (i32.add (global.get $buffer) (i32.const 16)) (i32.const 1))
  (i64.store (i32.add (global.get $buffer) (i32.const 24)) (i64.const 1000000))
  (if (call $poll_oneoff (global.get $buffer) (i32.add (global.get $buffer) (i32.const 256))
        (i32.const 1) (i32.add (global.get $buffer) (i32.const 512))) (then (unreachable)))
  (if (i32.ne (i32.load (i32.add (global.get $buffer) (i32.const 512))) (i32.const 1)) (then (unreachable))))

(func $print
  (i32.store (global.get $buffer) (global.get $printed_at))
  (i32.store (i32.add (global.get $buffer) (i32.const 4)) (global.get $printed_len))
  (drop (call $fd_write (i32.const 1) (global.get $buffer) (i32.const 1)
    (i32.add (global.get $buffer) (i32.const 8)))))

(func (export "wapc_init"))

(func (export "__guest_call") (param $operation i32) (param $len i32) (result i32)
  (local $letter i32)
  ;; The three operations have names of different lengths.
  (if (i32.eq (local.get $operation) (i32.const 16))
    (then (return (call $say (global.get $version_at) (global.get $version_len)))))
  (call $guest_request (global.get $buffer) (global.get $payload))
  (if (i32.eq (local.get $operation) (i32.const 17))
    (then
      ;; Settings that start with {"n are not valid.
      (if (i32.eq (i32.load8_u (i32.add (global.get $payload) (i32.const 2))) (i32.const 110))
        (then (return (call $say (global.get $invalid_at) (global.get $invalid_len)))))
      (return (call $say (global.get $valid_at) (global.get $valid_len)))))
  (local.set $letter (i32.load8_u (i32.add (global.get $payload) (i32.const 19))))
  (if (i32.eq (local.get $letter) (global.get $letter_l)) (then (loop $again (br $again))))
  (if (i32.eq (local.get $letter) (global.get $letter_t)) (then (unreachable)))
  (if (i32.eq (local.get $letter) (global.get $letter_m)) (then (call $allocate_for_ever)))
  (if (i32.eq (local.get $letter) (global.get $letter_d)) (then (drop (call $deeper (i32.const 0)))))
  (if (i32.eq (local.get $letter) (global.get $letter_s)) (then (call $sleep)))
  (if (i32.eq (local.get $letter) (global.get $letter_z)) (then (call $nap)))
  (if (i32.eq (local.get $letter) (global.get $letter_p)) (then (call $print)))
  (if (i32.eq (local.get $letter) (global.get $letter_y)) (then
    (call $console_log (global.get $printed_at) (global.get $printed_len))))
  (if (i32.eq (local.get $letter) (global.get $letter_x)) (then (call $proc_exit (i32.const 3))))
  (if (i32.eq (local.get $letter) (global.get $letter_n)) (then (return (i32.const 1))))
  (if (i32.eq (local.get $letter) (global.get $letter_u)) (then (return (i32.const 0))))
  (if (i32.eq (local.get $letter) (global.get $letter_e)) (then
    (call $guest_error (global.get $printed_at) (global.get $printed_len))
    (return (i32.const 0))))
  (if (i32.eq (local.get $letter) (global.get $letter_b)) (then
    (i32.store8 (global.get $buffer) (i32.const 255))
    (call $guest_error (global.get $buffer) (i32.const 1))
    (return (i32.const 0))))
  (if (i32.eq (local.get $letter) (global.get $letter_o)) (then
    (call $guest_response (i32.const -16) (i32.const 64))))
  (if (i32.eq (local.get $letter) (global.get $letter_w)) (then
    (call $guest_request (i32.const -1) (i32.const -1))))
  (if (i32.eq (local.get $letter) (global.get $letter_h)) (then
    (drop (call $host_call (i32.const -1) (i32.const -1) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))
  (if (i32.eq (local.get $letter) (global.get $letter_g))
    (then (return (call $say (global.get $printed_at) (global.get $printed_len)))))
  (if (i32.eq (local.get $letter) (global.get $letter_c))
    (then (return (call $say (global.get $large_code_at) (global.get $large_code_len)))))
  (if (i32.eq (local.get $letter) (global.get $letter_r))
    (then (return (call $say (global.get $rejects_at) (global.get $rejects_len)))))
  (if (i32.eq (local.get $letter) (global.get $letter_k))
    (then (return (call $ask (global.get $known_at) (global.get $known_len)))))
  (if (i32.eq (local.get $letter) (global.get $letter_q))
    (then (return (call $ask (global.get $missing_at) (global.get $missing_len)))))
  (if (i32.eq (local.get $letter) (global.get $letter_f))
    (then (return (call $ask (global.get $forbidden_at) (global.get $forbidden_len)))))
  (call $say (global.get $accepts_at) (global.get $accepts_len)))
