//! `Config`: get, set and unset the session's configuration.

use kindling_common::{SparkResult, conf};
use kindling_proto::connect::{ConfigRequest, ConfigResponse, KeyValue, config_request::operation::OpType};

use crate::{ConnectError, ConnectService, holder::SessionHolder, lower_error};

impl ConnectService {
    /// Answers a `Config` request.
    pub fn config(&self, request: &ConfigRequest) -> Result<ConfigResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let pairs = answer(&session, request).map_err(|error| session.keep_error(error))?;
        Ok(ConfigResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            pairs,
            warnings: vec![],
        })
    }
}

fn answer(session: &SessionHolder, request: &ConfigRequest) -> SparkResult<Vec<KeyValue>> {
    let operation = request.operation.as_ref().and_then(|operation| operation.op_type.as_ref());
    let values = &session.state.conf;
    Ok(match operation.ok_or_else(|| lower_error("the configuration request carries no operation"))? {
        OpType::Set(set) => {
            let mut values = values.write();
            for pair in &set.pairs {
                let value = pair.value.as_deref().unwrap_or("");
                let result = values.set_checked(&pair.key, value);
                // `builder.config(…)` on a session that runs: keys of the cluster are ignored as Spark's client asks.
                if !set.silent.unwrap_or(false) {
                    result?;
                }
            }
            vec![]
        }
        OpType::Get(get) => {
            let values = values.read();
            get.keys.iter().map(|key| Ok(pair(key, Some(values.get_checked(key)?)))).collect::<SparkResult<_>>()?
        }
        OpType::GetWithDefault(get) => {
            let values = values.read();
            get.pairs
                .iter()
                .map(|wanted| {
                    let value = values.get_set(&wanted.key).map(str::to_string).or_else(|| wanted.value.clone());
                    pair(&wanted.key, value)
                })
                .collect()
        }
        OpType::GetOption(get) => {
            let values = values.read();
            get.keys.iter().map(|key| pair(key, values.get_checked(key).ok())).collect()
        }
        OpType::GetAll(get) => {
            let prefix = get.prefix.as_deref().unwrap_or("");
            let values = values.read();
            values
                .iter()
                .filter_map(|(key, value)| Some(pair(key.strip_prefix(prefix)?, Some(value.to_string()))))
                .collect()
        }
        OpType::Unset(unset) => {
            let mut values = values.write();
            for key in &unset.keys {
                values.unset_checked(key)?;
            }
            vec![]
        }
        OpType::IsModifiable(is) => {
            is.keys.iter().map(|key| pair(key, Some(is_modifiable_sql(key).to_string()))).collect()
        }
    })
}

/// `RuntimeConfig.isModifiable`: only registered SQL keys are.
fn is_modifiable_sql(key: &str) -> bool {
    conf::find_entry(key).is_some_and(|entry| entry.runtime)
}

fn pair(key: &str, value: Option<String>) -> KeyValue {
    KeyValue { key: key.to_string(), value }
}
