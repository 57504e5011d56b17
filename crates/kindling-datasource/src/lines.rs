//! Lines of a split by Hadoop's rule: a split that does not start the file begins after its first line end, and
//! every split reads on past its end to finish the line that starts in it (or right at its end).

use kindling_common::{SparkError, SparkResult};

use crate::{
    FilePath,
    input::{CHUNK, ChunkReader, Compression, Encoding, InputFile},
    split::FileSplit,
};

/// Lines in a buffer, as ranges without their line ends.
pub(crate) struct LineReader {
    source: ChunkReader,
    separator: Option<Vec<u8>>,
    buffer: Vec<u8>,
    /// Where the next line starts in the buffer.
    at: usize,
    /// Place in the file of the buffer's first byte.
    base: u64,
    /// Lines that start past this belong to the next split.
    last_start: u64,
    end_of_file: bool,
    done: bool,
}

impl LineReader {
    /// Opens a split; without `separator` a line ends at `\n`, `\r` or `\r\n`.
    pub(crate) fn open(
        file: InputFile,
        split: &FileSplit,
        encoding: Encoding,
        separator: Option<&str>,
    ) -> SparkResult<LineReader> {
        // A compressed or transcoded file is one split, whose end says nothing about the text's length.
        let whole = Compression::of(&split.path) != Compression::None || !encoding.is_ascii_compatible();
        let start = if whole { 0 } else { split.start };
        let mut reader = LineReader {
            source: ChunkReader::open(file, start, encoding)?,
            separator: separator.map(|text| text.as_bytes().to_vec()),
            buffer: vec![],
            at: 0,
            base: start,
            last_start: if whole { u64::MAX } else { split.end() },
            end_of_file: false,
            done: false,
        };
        if start > 0 {
            let mut first = vec![];
            reader.next_lines(&mut first, 1, u64::MAX)?;
            reader.done = reader.at_end();
        } else {
            reader.skip_byte_order_mark()?;
        }
        Ok(reader)
    }

    fn skip_byte_order_mark(&mut self) -> SparkResult<()> {
        self.fill()?;
        if self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        Ok(())
    }

    fn at_end(&self) -> bool {
        self.end_of_file && self.at >= self.buffer.len()
    }

    fn fill(&mut self) -> SparkResult<()> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.base += self.at as u64;
            self.at = 0;
        }
        // A line longer than what is there is looked for from its start again: doubling keeps that linear.
        let more = CHUNK.max(self.buffer.len());
        check_length(self.buffer.len() + more, self.source.path())?;
        if self.source.read(&mut self.buffer, more)? == 0 {
            self.end_of_file = true;
        }
        Ok(())
    }

    /// Up to `most` lines, as ranges of [`buffer`](Self::buffer); none at the end of the split.
    pub(crate) fn next(&mut self, lines: &mut Vec<(u32, u32)>, most: usize) -> SparkResult<()> {
        lines.clear();
        if self.done {
            return Ok(());
        }
        self.next_lines(lines, most, self.last_start)
    }

    /// The bytes that the ranges of the last call lie in.
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    fn next_lines(&mut self, lines: &mut Vec<(u32, u32)>, most: usize, last_start: u64) -> SparkResult<()> {
        while lines.is_empty() {
            while lines.len() < most {
                if self.at_end() || self.base + self.at as u64 > last_start {
                    self.done = last_start != u64::MAX || self.at_end();
                    return Ok(());
                }
                let Some((end, next)) = self.find_end() else { break };
                lines.push((self.at as u32, end as u32));
                self.at = next;
            }
            if lines.is_empty() {
                self.fill()?;
            }
        }
        Ok(())
    }

    /// End of the line at `at` and start of the one after; `None` when more bytes are needed to tell.
    fn find_end(&self) -> Option<(usize, usize)> {
        let rest = &self.buffer[self.at..];
        let found = match &self.separator {
            Some(separator) => find(rest, separator).map(|i| (i, separator.len())),
            None => match memchr::memchr2(b'\n', b'\r', rest) {
                Some(i) if rest[i] == b'\r' => match rest.get(i + 1) {
                    Some(b'\n') => Some((i, 2)),
                    Some(_) => Some((i, 1)),
                    // The other half of the line end may be in the next chunk.
                    None if !self.end_of_file => None,
                    None => Some((i, 1)),
                },
                Some(i) => Some((i, 1)),
                None => None,
            },
        };
        match found {
            Some((i, len)) => Some((self.at + i, self.at + i + len)),
            None if self.end_of_file => Some((self.buffer.len(), self.buffer.len())),
            None => None,
        }
    }
}

/// Places in a buffer are 32 bits wide.
pub(crate) fn check_length(length: usize, path: &FilePath) -> SparkResult<()> {
    if length < (1 << 31) {
        Ok(())
    } else {
        Err(SparkError::unsupported(format!("a record of more than a gigabyte in {path}")))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [byte] => memchr::memchr(*byte, haystack),
        needle => memchr::memmem::find(haystack, needle),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::physical_plan::metrics::Count;

    use super::*;
    use crate::{FileSystem, InMemoryFileSystem};

    fn read(text: &str, start: u64, length: u64, separator: Option<&str>) -> Vec<String> {
        let fs = InMemoryFileSystem::new();
        let path = FilePath::root().join("f.txt");
        fs.write_all(&path, text.as_bytes()).unwrap();
        let split = FileSplit {
            path: path.clone(),
            start,
            length,
            file_size: text.len() as u64,
            modification_time: 0,
            partition_values: Arc::new(vec![]),
        };
        let file = InputFile { fs: Arc::new(fs), path, bytes_scanned: Count::new() };
        let mut reader = LineReader::open(file, &split, Encoding::Utf8, separator).unwrap();
        let (mut lines, mut out) = (vec![], vec![]);
        loop {
            reader.next(&mut lines, 2).unwrap();
            if lines.is_empty() {
                return out;
            }
            for (start, end) in &lines {
                out.push(String::from_utf8(reader.buffer()[*start as usize..*end as usize].to_vec()).unwrap());
            }
        }
    }

    #[test]
    fn every_line_is_read_by_exactly_one_split() {
        let text = "a\nbb\r\nccc\r\r\ndddd\n\ne";
        let whole = read(text, 0, text.len() as u64, None);
        assert_eq!(whole, ["a", "bb", "ccc", "", "dddd", "", "e"]);
        for size in 1..text.len() as u64 {
            let mut parts = vec![];
            let mut start = 0;
            while start < text.len() as u64 {
                let length = size.min(text.len() as u64 - start);
                parts.extend(read(text, start, length, None));
                start += length;
            }
            assert_eq!(parts, whole, "splits of {size}");
        }
    }

    #[test]
    fn a_separator_of_its_own_ends_lines() {
        assert_eq!(read("a||b\nc||", 0, 8, Some("||")), ["a", "b\nc"]);
        assert_eq!(read("\u{feff}x\ny", 0, 6, None), ["x", "y"]);
    }
}
