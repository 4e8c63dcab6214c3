//! A compiled policy and the calls into it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, ExternType, InstanceAllocationStrategy, InstancePre, Linker,
    Module, ModuleExport, PoolConcurrencyLimitError, PoolingAllocationConfig, Store, Trap, ValType,
};
use wasmtime_wasi::I32Exit;

use super::guest::Guest;
use super::limits::{TICK, ticks};
use super::wapc;
use super::wasi::{self, SleptPastDeadline};
use super::{CallError, Callbacks, Limits, LoadError, Metadata, Settings};
use crate::admission::ValidationResponse;

/// How much of a guest's memory stays mapped between evaluations, cleared instead of given back.
///
/// A page fault costs more than clearing a page. Where the kernel can tell which pages were touched (Linux 6.7 and
/// later) only those are cleared, so the figure may be generous.
const KEEP_RESIDENT: usize = 1 << 20;

/// Where compiled modules are kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModuleCache {
    /// Compile every time.
    Disabled,
    /// `rollgate/cache` in the user's cache directory. Where there is none that can be written, as
    /// [`ModuleCache::Disabled`].
    #[default]
    User,
}

/// A policy, compiled and linked, ready to be called from any number of threads.
///
/// Every call runs in an instance of its own: nothing a guest does outlives its answer. Calls block, so they do
/// not belong on a thread of an asynchronous executor.
pub struct Policy {
    engine: Engine,
    instance: InstancePre<Guest>,
    exports: Exports,
    limits: Limits,
    metadata: Option<Metadata>,
}

struct Exports {
    /// `_start` and `wapc_init`, as far as they exist, in the order in which they run.
    initialisers: Vec<(&'static str, ModuleExport)>,
    guest_call: ModuleExport,
}

/// The answer to `validate_settings`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct SettingsValidation {
    /// Whether the settings can be used.
    pub valid: bool,
    /// What is wrong with them.
    pub message: Option<String>,
}

impl Policy {
    /// Reads, compiles and links the policy in a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no waPC policy.
    pub fn from_file(path: &Path, limits: &Limits, cache: &ModuleCache) -> Result<Self, LoadError> {
        let wasm = std::fs::read(path).map_err(|reason| LoadError::Read { path: path.to_owned(), reason })?;
        Self::from_bytes(&wasm, limits, cache)
    }

    /// Compiles and links a policy.
    ///
    /// # Errors
    /// When the bytes are no waPC policy, or one that needs more than the limits allow.
    pub fn from_bytes(wasm: &[u8], limits: &Limits, cache: &ModuleCache) -> Result<Self, LoadError> {
        if !wasm.starts_with(b"\0asm") {
            return Err(LoadError::NotWasm);
        }
        let metadata = Metadata::read(wasm)?;
        let engine = engine(limits, cache)?;
        let module = Module::from_binary(&engine, wasm).map_err(|error| LoadError::Compile(text(&error)))?;
        let exports = Exports::find(&module)?;
        let mut linker = Linker::new(&engine);
        wasi::add_to_linker(&mut linker)
            .and_then(|()| wapc::add_to_linker(&mut linker))
            .and_then(|()| linker.instantiate_pre(&module))
            .map(|instance| Self { engine, instance, exports, limits: limits.clone(), metadata })
            .map_err(|error| LoadError::Link(text(&error)))
    }

    /// What the policy says about itself, if it was annotated.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// The limits the policy was loaded with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Asks for a verdict. `request` is one JSON value and reaches the guest byte for byte.
    ///
    /// # Errors
    /// When the guest gives no answer within its limits, or none that can be read.
    pub fn validate(
        &self,
        request: &[u8],
        settings: &Settings,
        callbacks: &Callbacks,
    ) -> Result<ValidationResponse, CallError> {
        self.validate_within(self.limits.timeout, request, settings, callbacks)
    }

    /// As [`Policy::validate`], in less time than the limits allow, or in as much.
    ///
    /// # Errors
    /// When the guest gives no answer within its limits and `timeout`, or none that can be read.
    pub fn validate_within(
        &self,
        timeout: Duration,
        request: &[u8],
        settings: &Settings,
        callbacks: &Callbacks,
    ) -> Result<ValidationResponse, CallError> {
        let timeout = timeout.min(self.limits.timeout);
        let reply = self.call("validate", payload(request, settings), callbacks, timeout)?;
        serde_json::from_slice(&reply).map_err(|reason| CallError::Reply { operation: "validate", reason })
    }

    /// As [`Policy::validate`]: the guest's reply as it is.
    ///
    /// # Errors
    /// When the guest gives no answer within its limits.
    pub fn validate_raw(
        &self,
        request: &[u8],
        settings: &Settings,
        callbacks: &Callbacks,
    ) -> Result<Vec<u8>, CallError> {
        self.call("validate", payload(request, settings), callbacks, self.limits.timeout)
    }

    /// Asks whether settings can be used.
    ///
    /// # Errors
    /// When the guest gives no answer within its limits, or none that can be read.
    pub fn validate_settings(
        &self,
        settings: &Settings,
        callbacks: &Callbacks,
    ) -> Result<SettingsValidation, CallError> {
        self.call_json("validate_settings", settings.as_json().as_bytes().to_vec(), callbacks)
    }

    /// Asks which protocol the policy speaks: `v1` for every waPC policy.
    ///
    /// # Errors
    /// When the guest gives no answer within its limits, or none that can be read.
    pub fn protocol_version(&self) -> Result<String, CallError> {
        self.call_json("protocol_version", Vec::new(), &Callbacks::none())
    }

    fn call_json<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        payload: Vec<u8>,
        callbacks: &Callbacks,
    ) -> Result<T, CallError> {
        let reply = self.call(operation, payload, callbacks, self.limits.timeout)?;
        serde_json::from_slice(&reply).map_err(|reason| CallError::Reply { operation, reason })
    }

    /// Calls one operation of a fresh instance and returns its raw answer.
    fn call(
        &self,
        operation: &'static str,
        payload: Vec<u8>,
        callbacks: &Callbacks,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let guest = Guest::new(operation, payload, callbacks.clone(), &self.limits, timeout);
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(ticks(timeout));

        let instance = self
            .instance
            .instantiate(&mut store)
            .map_err(|error| self.failure(&error, &store, CallError::Trap))?;
        for &(export, index) in &self.exports.initialisers {
            let started = instance
                .get_module_export(&mut store, &index)
                .and_then(wasmtime::Extern::into_func)
                .ok_or(CallError::Init { export, reason: "it is no function".to_owned() })?
                .typed::<(), ()>(&store)
                .and_then(|function| function.call(&mut store, ()));
            match started {
                Ok(()) => {}
                // Some toolchains leave `main` through `proc_exit(0)`.
                Err(error) if matches!(error.downcast_ref(), Some(I32Exit(0))) => {}
                Err(error) => {
                    return Err(self.failure(&error, &store, |reason| CallError::Init { export, reason }));
                }
            }
        }
        store.data_mut().response = None;
        store.data_mut().error = None;
        let answered = store.data().lengths().and_then(|lengths| {
            instance
                .get_module_export(&mut store, &self.exports.guest_call)
                .and_then(wasmtime::Extern::into_func)
                .ok_or_else(|| wasmtime::format_err!("__guest_call is no function"))?
                .typed::<(i32, i32), i32>(&store)?
                .call(&mut store, lengths)
        });
        let success = answered.map_err(|error| self.failure(&error, &store, CallError::Trap))? != 0;
        let guest = store.into_data();
        match (success, guest.response, guest.error) {
            (true, Some(response), _) => Ok(response),
            (_, _, Some(error)) => Err(CallError::Guest(error)),
            (true, None, None) => Err(CallError::Guest("the policy gave no answer".to_owned())),
            (false, _, None) => Err(CallError::Guest("the policy failed and did not say why".to_owned())),
        }
    }

    fn failure(
        &self,
        error: &wasmtime::Error,
        store: &Store<Guest>,
        other: impl FnOnce(String) -> CallError,
    ) -> CallError {
        let interrupted = matches!(error.downcast_ref(), Some(Trap::Interrupt));
        if interrupted || error.is::<SleptPastDeadline>() {
            return CallError::Deadline { limit: store.data().timeout };
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return CallError::Busy(self.limits.concurrent);
        }
        tracing::debug!(target: "policy", "the guest stopped: {error:?}");
        // Without the guest's backtrace, which is for its author and goes to the log.
        let reason = error.root_cause().to_string();
        if store.data().limiter.memory_refused {
            return CallError::MemoryLimit { limit: self.limits.memory, trap: reason };
        }
        other(reason)
    }
}

impl Exports {
    fn find(module: &Module) -> Result<Self, LoadError> {
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err(LoadError::NotAPolicy("exported memory named \"memory\""));
        }
        let is_guest_call = |ty: ExternType| {
            let ExternType::Func(ty) = ty else { return false };
            ty.params().len() == 2
                && ty.results().len() == 1
                && ty.params().chain(ty.results()).all(|value| matches!(value, ValType::I32))
        };
        let guest_call = module
            .get_export("__guest_call")
            .filter(|ty| is_guest_call(ty.clone()))
            .and_then(|_| module.get_export_index("__guest_call"))
            .ok_or(LoadError::NotAPolicy("exported function __guest_call(i32, i32) -> i32"))?;
        let initialisers = ["_start", "wapc_init"]
            .into_iter()
            .filter(|name| matches!(module.get_export(name), Some(ExternType::Func(_))))
            .filter_map(|name| Some((name, module.get_export_index(name)?)))
            .collect();
        Ok(Self { initialisers, guest_call })
    }
}

/// What `validate` is called with.
fn payload(request: &[u8], settings: &Settings) -> Vec<u8> {
    [br#"{"request":"#, request, br#","settings":"#, settings.as_json().as_bytes(), b"}"].concat()
}

fn engine(limits: &Limits, cache: &ModuleCache) -> Result<Engine, LoadError> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(limits.concurrent)
        .total_memories(limits.concurrent)
        .total_tables(limits.concurrent)
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements)
        .max_core_instance_size(4 << 20)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_init_cow(true)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        .async_stack_size(limits.stack.max(2 << 20))
        .concurrency_support(false)
        .cache(open_cache(cache));
    let engine = Engine::new(&config).map_err(|error| LoadError::Engine(text(&error)))?;
    start_ticker(&engine).map_err(|error| LoadError::Engine(error.to_string()))?;
    Ok(engine)
}

/// Advances the epoch for as long as the engine lives.
fn start_ticker(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("epoch".to_owned()).spawn(tick).map(drop)
}

fn open_cache(cache: &ModuleCache) -> Option<Cache> {
    let ModuleCache::User = cache else { return None };
    let Some(directory) = cache_directory() else {
        tracing::debug!("no user cache directory: policies are compiled every time");
        return None;
    };
    let mut config = CacheConfig::new();
    config.with_directory(&directory);
    let started = Instant::now();
    match Cache::new(config) {
        Ok(cache) => {
            tracing::debug!(directory = %directory.display(), elapsed = ?started.elapsed(), "module cache opened");
            Some(cache)
        }
        // A read-only file system is ordinary in containers.
        Err(error) => {
            let directory = directory.display();
            tracing::debug!(%directory, %error, "no module cache: policies are compiled every time");
            None
        }
    }
}

fn cache_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .filter(|path| path.is_absolute())
        .map(|path| path.join("rollgate/cache"))
}

/// The whole chain of causes on one line.
fn text(error: &wasmtime::Error) -> String {
    format!("{error:#}")
}
