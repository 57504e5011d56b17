//! The service: one engine, its sessions.

use std::{collections::BTreeMap, io::Write, sync::Arc};

use kindling_common::{Clock, RuntimeConfig, SparkResult, conf};
use kindling_datasource::FileSystem;
use kindling_events::ListenerBus;
use kindling_executor::{CancelToken, Engine, EngineConfig, ExecutorThreads};
use kindling_functions::{error::from_datafusion, task::TaskScope};
use kindling_plan::{CacheManager, SessionState, catalog::GlobalTempViews};
use kindling_proto::connect::UserContext;
use parking_lot::Mutex;

use crate::{
    ConnectError,
    command::{EngineCache, PlanningRunner},
    environment::{APP_ID, name_application, post_application_start, post_environment},
    holder::{SessionHolder, SessionKey},
    lower_error,
};

/// The version of Spark whose protocol and behaviour this is.
pub const SPARK_VERSION: &str = "4.2.0";

/// What a shell decides about an engine.
#[derive(Clone)]
pub struct ServiceOptions {
    /// Defaults of every session; the shape of the cluster among them.
    pub conf: RuntimeConfig,
    /// Whom the application runs for.
    pub user: String,
    /// Asked while a query runs: an interrupt flag of the shell, beside the protocol's own interrupts.
    pub interrupted: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl ServiceOptions {
    /// A cluster of this shape with Spark's defaults.
    pub fn new(executors: usize, cores: usize) -> ServiceOptions {
        let mut values = RuntimeConfig::default();
        values.set(conf::EXECUTOR_INSTANCES.key, executors.max(1).to_string());
        values.set(conf::EXECUTOR_CORES.key, cores.max(1).to_string());
        ServiceOptions { conf: values, user: String::new(), interrupted: None }
    }
}

/// The Spark Connect service over one engine.
pub struct ConnectService {
    pub(crate) engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    file_system: Arc<dyn FileSystem>,
    options: ServiceOptions,
    global_temp_views: Arc<GlobalTempViews>,
    cache: Arc<CacheManager>,
    sessions: Mutex<BTreeMap<SessionKey, Arc<SessionHolder>>>,
}

impl std::fmt::Debug for ConnectService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectService").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl ConnectService {
    /// Starts an engine with its executor threads.
    pub fn new(
        mut options: ServiceOptions,
        file_system: Arc<dyn FileSystem>,
        threads: Arc<dyn ExecutorThreads>,
        clock: Arc<dyn Clock>,
    ) -> SparkResult<ConnectService> {
        name_application(&mut options.conf, clock.now_millis());
        let mut config = EngineConfig::new(&options.conf, Arc::new(from_datafusion));
        config.task_scope = Arc::new(|partition| Box::new(TaskScope::enter(partition)));
        let bus = Arc::new(ListenerBus::new());
        let engine = Engine::new(config, threads, Arc::clone(&clock), bus)?;
        post_environment(&engine, &options.conf);
        post_application_start(&engine, &options.conf, &options.user);
        let cache = Arc::new(CacheManager::new(Arc::new(EngineCache(Arc::clone(&engine)))));
        Ok(ConnectService {
            engine,
            clock,
            file_system,
            options,
            global_temp_views: Arc::default(),
            cache,
            sessions: Mutex::default(),
        })
    }

    /// `spark.app.id`.
    pub fn application_id(&self) -> &str {
        self.options.conf.get(APP_ID).unwrap_or_default()
    }

    /// The engine: its listener bus, its executors.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Writes every event as a line of Spark's event log.
    pub fn log_events_to(&self, mut out: Box<dyn Write + Send>) {
        self.engine.bus().add_listener(move |event: &kindling_events::SparkListenerEvent| {
            if let Ok(line) = kindling_events::event_to_json(event) {
                // A log that cannot be written must not stop the query it is about.
                drop(writeln!(out, "{line}"));
            }
        });
    }

    /// Says where the queries of a session come from until further notice: Spark's `callSite.short`. A shell that sees the
    /// user's code knows; over the network nobody does.
    pub fn set_call_site(
        &self,
        session_id: &str,
        user: Option<&UserContext>,
        call_site: &str,
    ) -> Result<(), ConnectError> {
        *self.session(session_id, user)?.state.call_site.write() = call_site.to_string();
        Ok(())
    }

    /// The session of a request; the first request of a session makes it.
    pub fn session(&self, session_id: &str, user: Option<&UserContext>) -> Result<Arc<SessionHolder>, ConnectError> {
        if session_id.is_empty() {
            return Err(lower_error("the request names no session").into());
        }
        let key = session_key(session_id, user);
        let mut sessions = self.sessions.lock();
        if let Some(session) = sessions.get(&key) {
            return Ok(Arc::clone(session));
        }
        let state = SessionState::with_conf(
            Arc::clone(&self.file_system),
            Arc::clone(&self.clock),
            self.options.conf.clone(),
            Arc::clone(&self.global_temp_views),
            Arc::clone(&self.cache),
        );
        let runner = PlanningRunner { engine: Arc::clone(&self.engine) };
        *state.query_runner.write() = Some(Arc::new(runner));
        let session = Arc::new(SessionHolder::new(key.clone(), Arc::new(state)));
        sessions.insert(key, Arc::clone(&session));
        Ok(session)
    }

    /// What stops a new execution.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.options.interrupted.as_ref().map_or_else(CancelToken::new, |poll| CancelToken::with_poll(Arc::clone(poll)))
    }

    /// Takes a session out.
    pub(crate) fn remove_session(&self, session_id: &str, user: Option<&UserContext>) -> Option<Arc<SessionHolder>> {
        self.sessions.lock().remove(&session_key(session_id, user))
    }
}

fn session_key(session_id: &str, user: Option<&UserContext>) -> SessionKey {
    SessionKey {
        user_id: user.map(|user| user.user_id.clone()).unwrap_or_default(),
        session_id: session_id.to_string(),
    }
}
