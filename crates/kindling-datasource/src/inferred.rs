//! Schemas that were inferred already. A client sends the whole plan with every action, so that without this each `df.show()`
//! of a CSV would read all of it twice. Spark Connect keeps the analysed plans of reads for the same reason
//! (`spark.connect.session.planCache`).

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use kindling_common::{RuntimeConfig, SparkResult};
use kindling_spec::StructType;

use crate::{FileFormat, FileStatus, SourceOptions};

/// As many as a session works with at a time.
const KEPT: usize = 32;

/// All that a schema depends on: files that have changed are others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    format: FileFormat,
    options: SourceOptions,
    conf: RuntimeConfig,
    files: Vec<FileStatus>,
}

/// The schemas that a session inferred last.
#[derive(Debug, Default)]
pub struct InferredSchemas(Mutex<VecDeque<(Key, Option<StructType>)>>);

impl InferredSchemas {
    /// The schema of `files`: the one kept, or what `infer` finds, which is kept then.
    pub(crate) fn get_or_infer(
        &self,
        format: FileFormat,
        options: &SourceOptions,
        conf: &RuntimeConfig,
        files: &[FileStatus],
        infer: impl FnOnce() -> SparkResult<Option<StructType>>,
    ) -> SparkResult<Option<StructType>> {
        let key = Key { format, options: options.clone(), conf: conf.clone(), files: files.to_vec() };
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, schema)) = kept().iter().find(|(known, _)| *known == key) {
            return Ok(schema.clone());
        }
        // Not under the lock: it may read gigabytes.
        let schema = infer()?;
        let mut kept = kept();
        kept.push_front((key, schema.clone()));
        kept.truncate(KEPT);
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kindling_spec::{DataType, StructField};

    use super::*;
    use crate::FilePath;

    fn file(len: u64, modification_time: i64) -> FileStatus {
        FileStatus { path: FilePath::root().join("a.csv"), len, is_dir: false, modification_time }
    }

    /// How often a schema is inferred for these files, one request after another.
    fn inferences(requests: &[(&str, FileStatus)]) -> usize {
        let (schemas, count) = (InferredSchemas::default(), Cell::new(0));
        for (separator, file) in requests {
            let options = SourceOptions::new([("sep", *separator)]);
            let files = [file.clone()];
            let infer = || {
                count.set(count.get() + 1);
                Ok(Some(StructType::default()))
            };
            let found =
                schemas.get_or_infer(FileFormat::Csv, &options, &RuntimeConfig::default(), &files, infer).unwrap();
            assert_eq!(found, Some(StructType::default()));
        }
        count.get()
    }

    #[test]
    fn a_file_is_inferred_once() {
        assert_eq!(inferences(&[(",", file(10, 1)), (",", file(10, 1)), (",", file(10, 1))]), 1);
    }

    #[test]
    fn a_file_that_changed_and_other_options_are_inferred_anew() {
        assert_eq!(inferences(&[(",", file(10, 1)), (",", file(11, 1)), (",", file(11, 2)), (";", file(11, 2))]), 4);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let schemas = InferredSchemas::default();
        let ask = |result: SparkResult<Option<StructType>>| {
            schemas.get_or_infer(FileFormat::Csv, &SourceOptions::default(), &RuntimeConfig::default(), &[], || result)
        };
        assert!(ask(Err(kindling_common::SparkError::internal("no"))).is_err());
        let schema = StructType { fields: vec![StructField::new("a", DataType::Integer, true)] };
        assert_eq!(ask(Ok(Some(schema.clone()))).unwrap(), Some(schema));
    }
}
