//! `Config`: get, set and unset the session's configuration.

use kindling_common::{SparkResult, conf};
use kindling_proto::connect::{ConfigRequest, ConfigResponse, KeyValue, config_request::operation::OpType};

use crate::{ConnectError, ConnectService, holder::SessionHolder, lower_error};

impl ConnectService {
    /// Answers a `Config` request.
    pub fn config(&self, request: &ConfigRequest) -> Result<ConfigResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let mut warnings = vec![];
        let pairs = answer(&session, request, &mut warnings).map_err(|error| session.keep_error(error))?;
        Ok(ConfigResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            pairs,
            warnings,
        })
    }
}

/// The answer; `warnings` takes what the client shows beside it.
fn answer(session: &SessionHolder, request: &ConfigRequest, warnings: &mut Vec<String>) -> SparkResult<Vec<KeyValue>> {
    let operation = request.operation.as_ref().and_then(|operation| operation.op_type.as_ref());
    let values = &session.state.conf;
    Ok(match operation.ok_or_else(|| lower_error("the configuration request carries no operation"))? {
        OpType::Set(set) => {
            let mut values = values.write();
            for pair in &set.pairs {
                let value = pair.value.as_deref().unwrap_or("");
                let before = values.get(&pair.key).map(str::to_string);
                match kindling_plan::set_conf(&mut values, &pair.key, value) {
                    Ok(()) if conf::has_effect(&pair.key) => {}
                    Ok(()) => warnings.push(format!("The configuration {} has no effect in Kindling.", pair.key)),
                    // `builder.config(…)` on a session that runs: what cannot change any more is no error then. A name that a
                    // program gives itself is none to warn of.
                    Err(_) if set.silent.unwrap_or(false) => {
                        if before.as_deref() != Some(value) && pair.key != conf::APP_NAME.key {
                            let stays = before.map_or_else(|| "unset".to_string(), |before| format!("\"{before}\""));
                            warnings.push(format!(
                                "The configuration {} cannot change once the cluster runs: it stays {stays}.",
                                pair.key
                            ));
                        }
                    }
                    Err(error) => return Err(error),
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
