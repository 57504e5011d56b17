//! Which page is shown.

/// A page of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SparkRoute {
    Jobs,
    Job(i32),
    Stages,
    Stage { id: i32, attempt: i32 },
    Queries,
    Query(i64),
    Storage,
    Executors,
    Streaming,
    Environment,
}

/// The tabs: page, name, key in `data-tab` and `data-testid`.
pub const TABS: [(SparkRoute, &str, &str); 7] = [
    (SparkRoute::Jobs, "Jobs", "jobs"),
    (SparkRoute::Stages, "Stages", "stages"),
    (SparkRoute::Queries, "SQL / DataFrame", "sql"),
    (SparkRoute::Storage, "Storage", "storage"),
    (SparkRoute::Executors, "Executors", "executors"),
    (SparkRoute::Streaming, "Streaming", "streaming"),
    (SparkRoute::Environment, "Environment", "environment"),
];

impl SparkRoute {
    /// The page of `G` then 1–7.
    pub fn numbered(n: u8) -> SparkRoute {
        TABS.get(usize::from(n.min(6))).map_or(SparkRoute::Jobs, |(route, ..)| *route)
    }

    /// The tab it belongs to.
    pub fn tab(self) -> SparkRoute {
        match self {
            SparkRoute::Job(_) => SparkRoute::Jobs,
            SparkRoute::Stage { .. } => SparkRoute::Stages,
            SparkRoute::Query(_) => SparkRoute::Queries,
            other => other,
        }
    }

    /// Text for `data-go`: `job/3`, `stage/17/0`.
    pub fn to_text(self) -> String {
        match self {
            SparkRoute::Job(id) => format!("job/{id}"),
            SparkRoute::Stage { id, attempt } => format!("stage/{id}/{attempt}"),
            SparkRoute::Query(id) => format!("query/{id}"),
            other => TABS.iter().find(|(route, ..)| *route == other).map_or("jobs", |(_, _, key)| key).to_string(),
        }
    }

    /// The page of a `data-go`.
    pub fn parse(text: &str) -> Option<SparkRoute> {
        let mut parts = text.split('/');
        let name = parts.next()?;
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        Some(match name {
            "job" => SparkRoute::Job(number()? as i32),
            "stage" => SparkRoute::Stage { id: number()? as i32, attempt: number().unwrap_or(0) as i32 },
            "query" => SparkRoute::Query(number()?),
            tab => TABS.iter().find(|(_, _, key)| *key == tab)?.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_survive_their_text() {
        for route in [
            SparkRoute::Jobs,
            SparkRoute::Job(3),
            SparkRoute::Stage { id: 17, attempt: 1 },
            SparkRoute::Query(4),
            SparkRoute::Environment,
        ] {
            assert_eq!(SparkRoute::parse(&route.to_text()), Some(route));
        }
        assert_eq!(SparkRoute::parse("nowhere"), None);
    }
}
