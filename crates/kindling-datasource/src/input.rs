//! Bytes of one file in chunks: plain ranges, decompressed by extension, or transcoded to UTF-8.

use std::{
    io::{self, Read},
    sync::Arc,
};

use datafusion::physical_plan::metrics::Count;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use kindling_common::{ExceptionClass, SparkError, SparkResult};

use crate::{FilePath, FileSystem, FsError, error::read_error};

/// Bytes asked of storage at once.
pub(crate) const CHUNK: usize = 2 << 20;

/// How a file is compressed, by its extension (Hadoop's `CompressionCodecFactory`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Deflate,
    /// By the extension of a codec that is not there.
    Unsupported(&'static str),
}

impl Compression {
    pub(crate) fn of(path: &FilePath) -> Compression {
        let name = path.name().to_ascii_lowercase();
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("gz") => Compression::Gzip,
            Some("deflate") => Compression::Deflate,
            Some("bz2") => Compression::Unsupported("bzip2"),
            Some("zst") => Compression::Unsupported("zstd"),
            Some("lz4") => Compression::Unsupported("lz4"),
            Some("snappy") => Compression::Unsupported("snappy"),
            Some("xz") => Compression::Unsupported("xz"),
            _ => Compression::None,
        }
    }
}

/// Encodings that Spark reads (`spark.sql.legacy.javaCharsets` off).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    /// By its byte order mark; big endian without one, as Java does.
    Utf16,
    Utf16Le,
    Utf16Be,
    Utf32,
}

impl Encoding {
    pub(crate) fn parse(name: &str, function: &str) -> SparkResult<Encoding> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Encoding::Utf8,
            "iso-8859-1" | "latin1" | "latin-1" => Encoding::Latin1,
            "us-ascii" | "ascii" => Encoding::Ascii,
            "utf-16" => Encoding::Utf16,
            "utf-16le" => Encoding::Utf16Le,
            "utf-16be" => Encoding::Utf16Be,
            "utf-32" => Encoding::Utf32,
            _ => {
                return Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_PARAMETER_VALUE.CHARSET")
                    .param("functionName", format!("`{function}`"))
                    .param("parameter", "`charset`")
                    .param("charset", name)
                    .param("charsets", "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8"));
            }
        })
    }

    /// Whether ASCII characters are single bytes, so that separators can be searched for as bytes.
    pub(crate) fn is_ascii_compatible(self) -> bool {
        matches!(self, Encoding::Utf8 | Encoding::Latin1 | Encoding::Ascii)
    }

    /// Appends text in this encoding as UTF-8; what is not text becomes U+FFFD.
    pub(crate) fn decode_into(self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        match self {
            Encoding::Utf8 => out.extend_from_slice(String::from_utf8_lossy(bytes).as_bytes()),
            Encoding::Latin1 => bytes.iter().for_each(|byte| push(char::from(*byte))),
            Encoding::Ascii => bytes.iter().for_each(|b| push(if b.is_ascii() { char::from(*b) } else { '\u{fffd}' })),
            Encoding::Utf16 | Encoding::Utf16Le | Encoding::Utf16Be => {
                let (little, bytes) = match (self, bytes) {
                    (Encoding::Utf16, [0xff, 0xfe, rest @ ..]) => (true, rest),
                    (Encoding::Utf16, [0xfe, 0xff, rest @ ..]) => (false, rest),
                    (encoding, bytes) => (encoding == Encoding::Utf16Le, bytes),
                };
                let units = bytes.chunks(2).map(|pair| match (pair, little) {
                    ([a, b], true) => u16::from_le_bytes([*a, *b]),
                    ([a, b], false) => u16::from_be_bytes([*a, *b]),
                    // Half a unit at the end: a lone surrogate stands for it and becomes U+FFFD.
                    _ => 0xdfff,
                });
                char::decode_utf16(units).for_each(|c| push(c.unwrap_or('\u{fffd}')));
            }
            Encoding::Utf32 => {
                let (little, bytes) = match bytes {
                    [0xff, 0xfe, 0, 0, rest @ ..] => (true, rest),
                    [0, 0, 0xfe, 0xff, rest @ ..] => (false, rest),
                    bytes => (false, bytes),
                };
                for unit in bytes.chunks(4) {
                    let code = match (unit, little) {
                        ([a, b, c, d], true) => u32::from_le_bytes([*a, *b, *c, *d]),
                        ([a, b, c, d], false) => u32::from_be_bytes([*a, *b, *c, *d]),
                        _ => u32::MAX,
                    };
                    push(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
            }
        }
    }
}

/// One file, with its bytes counted.
#[derive(Debug, Clone)]
pub(crate) struct InputFile {
    pub fs: Arc<dyn FileSystem>,
    pub path: FilePath,
    pub bytes_scanned: Count,
}

impl InputFile {
    pub(crate) fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let read = self.fs.read_into(&self.path, offset, buffer)?;
        self.bytes_scanned.add(read);
        Ok(read)
    }
}

/// `FAILED_READ_FILE.NO_HINT` with what went wrong.
pub(crate) fn failed_read(path: &FilePath, cause: impl std::fmt::Display) -> SparkError {
    let mut error = read_error("FAILED_READ_FILE.NO_HINT", path);
    error.message_override = Some(format!("Encountered error while reading file file://{path}. {cause}"));
    error
}

/// The file as a `Read`, for decoders.
struct Sequential {
    file: InputFile,
    offset: u64,
    chunk: Vec<u8>,
    at: usize,
}

impl Read for Sequential {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() {
            self.chunk.resize(256 << 10, 0);
            let read = self.file.read_into(self.offset, &mut self.chunk).map_err(io::Error::other)?;
            self.chunk.truncate(read);
            self.offset += read as u64;
            self.at = 0;
        }
        let count = out.len().min(self.chunk.len() - self.at);
        out[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

enum Source {
    Plain { offset: u64 },
    Decoder(Box<dyn Read + Send>),
    Memory { bytes: Vec<u8>, at: usize },
}

/// Bytes of a file from an offset on, in order.
pub(crate) struct ChunkReader {
    file: InputFile,
    source: Source,
}

impl ChunkReader {
    /// Opens a file at `offset`; a compressed or transcoded file always starts at its beginning.
    pub(crate) fn open(file: InputFile, offset: u64, encoding: Encoding) -> SparkResult<ChunkReader> {
        let sequential = || Sequential { file: file.clone(), offset: 0, chunk: vec![], at: 0 };
        let source = match Compression::of(&file.path) {
            Compression::None => Source::Plain { offset },
            Compression::Gzip => Source::Decoder(Box::new(MultiGzDecoder::new(sequential()))),
            Compression::Deflate => Source::Decoder(Box::new(ZlibDecoder::new(sequential()))),
            Compression::Unsupported(codec) => {
                return Err(SparkError::unsupported(format!("reading {codec}-compressed text ({})", file.path)));
            }
        };
        let mut reader = ChunkReader { file, source };
        if !encoding.is_ascii_compatible() {
            let mut raw = vec![];
            while reader.read(&mut raw, CHUNK)? > 0 {}
            let mut bytes = Vec::with_capacity(raw.len());
            encoding.decode_into(&raw, &mut bytes);
            reader.source = Source::Memory { bytes, at: 0 };
        }
        Ok(reader)
    }

    pub(crate) fn path(&self) -> &FilePath {
        &self.file.path
    }

    /// Appends up to `most` bytes; 0 at the end.
    pub(crate) fn read(&mut self, out: &mut Vec<u8>, most: usize) -> SparkResult<usize> {
        let start = out.len();
        let path = &self.file.path;
        match &mut self.source {
            Source::Plain { offset } => {
                out.resize(start + most, 0);
                let read = self.file.read_into(*offset, &mut out[start..]).map_err(FsError::into_read_error)?;
                out.truncate(start + read);
                *offset += read as u64;
                Ok(read)
            }
            Source::Decoder(decoder) => {
                let read = decoder.take(most as u64).read_to_end(out);
                read.map_err(|error| failed_read(path, error))
            }
            Source::Memory { bytes, at } => {
                let read = most.min(bytes.len() - *at);
                out.extend_from_slice(&bytes[*at..*at + read]);
                *at += read;
                Ok(read)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_decode_with_and_without_a_mark() {
        let decode = |encoding: Encoding, bytes: &[u8]| {
            let mut out = vec![];
            encoding.decode_into(bytes, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(decode(Encoding::Latin1, b"\xe9"), "é");
        assert_eq!(decode(Encoding::Utf8, b"\xe9"), "\u{fffd}");
        assert_eq!(decode(Encoding::Utf16, b"\xff\xfea\0\xe9\0"), "aé");
        assert_eq!(decode(Encoding::Utf16, b"\0a"), "a");
        assert_eq!(decode(Encoding::Utf16Le, b"a\0b"), "a\u{fffd}");
        assert!(Encoding::parse("klingon", "CSVOptions").is_err());
    }
}
