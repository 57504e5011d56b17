//! `aes_encrypt`, `aes_decrypt`, `try_aes_decrypt` (`ExpressionImplUtils.aesInternal`): ECB, CBC and GCM.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{
        BlockCipher, BlockDecrypt, BlockEncrypt, BlockSizeUser, KeyInit,
        consts::{U12, U16},
        generic_array::GenericArray,
    },
};
use aes_gcm::{
    AesGcm,
    aead::{Aead, Payload},
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::string::typed;
use crate::{
    CallContext, TypedExpr,
    entry::{FunctionEntry, scalar},
    kernels::{Bin, Str, View, collect_rows},
    udf::call,
};

type Args = Vec<TypedExpr>;

const BLOCK: usize = 16;
const GCM_IV: usize = 12;
const GCM_TAG: usize = 16;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("aes_encrypt", 2, 6, encrypt),
    scalar("aes_decrypt", 2, 5, |ctx, args| decrypt(ctx, args, "aes_decrypt", false)),
    scalar("try_aes_decrypt", 2, 5, |ctx, args| decrypt(ctx, args, "try_aes_decrypt", true)),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ecb,
    Cbc,
    Gcm,
}

impl Mode {
    fn parse(mode: &str, padding: &str) -> SparkResult<Mode> {
        let is = |name: &str, pad: &str| {
            mode.eq_ignore_ascii_case(name)
                && (padding.eq_ignore_ascii_case(pad) || padding.eq_ignore_ascii_case("DEFAULT"))
        };
        if is("ECB", "PKCS") {
            Ok(Mode::Ecb)
        } else if is("CBC", "PKCS") {
            Ok(Mode::Cbc)
        } else if is("GCM", "NONE") {
            Ok(Mode::Gcm)
        } else {
            Err(SparkError::runtime("UNSUPPORTED_FEATURE.AES_MODE")
                .param("mode", mode)
                .param("padding", padding)
                .param("functionName", "`aes_encrypt`/`aes_decrypt`"))
        }
    }

    fn name(self) -> &'static str {
        match self {
            Mode::Ecb => "ECB",
            Mode::Cbc => "CBC",
            Mode::Gcm => "GCM",
        }
    }

    fn iv_length(self) -> usize {
        match self {
            Mode::Ecb => 0,
            Mode::Cbc => BLOCK,
            Mode::Gcm => GCM_IV,
        }
    }
}

fn unsupported_with(condition: &'static str, mode: Mode, function: &str) -> SparkError {
    SparkError::runtime(condition).param("mode", mode.name()).param("functionName", format!("`{function}`"))
}

fn crypto_error(detail: &str) -> SparkError {
    SparkError::runtime("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR")
        .param("parameter", "`expr`, `key`")
        .param("functionName", "`aes_encrypt`/`aes_decrypt`")
        .param("detailMessage", detail)
}

/// A key of one of the three lengths.
enum Key {
    Aes128(Box<Aes128>),
    Aes192(Box<Aes192>),
    Aes256(Box<Aes256>),
}

impl Key {
    fn new(bytes: &[u8]) -> SparkResult<Key> {
        let key = match bytes.len() {
            16 => Aes128::new_from_slice(bytes).map(|key| Key::Aes128(Box::new(key))),
            24 => Aes192::new_from_slice(bytes).map(|key| Key::Aes192(Box::new(key))),
            32 => Aes256::new_from_slice(bytes).map(|key| Key::Aes256(Box::new(key))),
            length => {
                return Err(SparkError::runtime("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH")
                    .param("parameter", "`key`")
                    .param("functionName", "`aes_encrypt`/`aes_decrypt`")
                    .param("actualLength", length.to_string()));
            }
        };
        key.map_err(|e| SparkError::internal(e.to_string()))
    }

    fn encrypt_block(&self, block: &mut [u8]) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Key::Aes128(key) => key.encrypt_block(block),
            Key::Aes192(key) => key.encrypt_block(block),
            Key::Aes256(key) => key.encrypt_block(block),
        }
    }

    fn decrypt_block(&self, block: &mut [u8]) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Key::Aes128(key) => key.decrypt_block(block),
            Key::Aes192(key) => key.decrypt_block(block),
            Key::Aes256(key) => key.decrypt_block(block),
        }
    }
}

/// Blocks after PKCS padding; with an initialization vector they are chained.
fn encrypt_blocks(key: &Key, input: &[u8], iv: Option<&[u8]>) -> Vec<u8> {
    let padding = BLOCK - input.len() % BLOCK;
    let mut out = Vec::with_capacity(input.len() + padding);
    out.extend_from_slice(input);
    out.resize(input.len() + padding, padding as u8);
    let mut previous: Option<Vec<u8>> = iv.map(<[u8]>::to_vec);
    for block in out.chunks_mut(BLOCK) {
        if let Some(previous) = &previous {
            block.iter_mut().zip(previous).for_each(|(byte, other)| *byte ^= other);
        }
        key.encrypt_block(block);
        if previous.is_some() {
            previous = Some(block.to_vec());
        }
    }
    out
}

fn decrypt_blocks(key: &Key, input: &[u8], iv: Option<&[u8]>) -> SparkResult<Vec<u8>> {
    if !input.len().is_multiple_of(BLOCK) {
        return Err(crypto_error("Input length must be multiple of 16 when decrypting with padded cipher"));
    }
    let mut out = input.to_vec();
    for (index, block) in out.chunks_mut(BLOCK).enumerate() {
        key.decrypt_block(block);
        let previous = match (iv, index) {
            (None, _) => continue,
            (Some(iv), 0) => iv,
            (Some(_), index) => &input[(index - 1) * BLOCK..index * BLOCK],
        };
        block.iter_mut().zip(previous).for_each(|(byte, other)| *byte ^= other);
    }
    let padding = out.last().map_or(0, |byte| usize::from(*byte));
    let valid = out.is_empty()
        || (1..=BLOCK).contains(&padding)
            && out[out.len() - padding..].iter().all(|byte| usize::from(*byte) == padding);
    if !valid {
        return Err(crypto_error(
            "Given final block not properly padded. Such issues can arise if a bad key is used during decryption.",
        ));
    }
    out.truncate(out.len() - padding);
    Ok(out)
}

/// Seals or opens with GCM; the inner error is the cipher's own.
fn gcm(key: &[u8], iv: &[u8], payload: Payload<'_, '_>, seal: bool) -> SparkResult<Result<Vec<u8>, aes_gcm::Error>> {
    fn run<C>(
        key: &[u8],
        iv: &[u8],
        payload: Payload<'_, '_>,
        seal: bool,
    ) -> SparkResult<Result<Vec<u8>, aes_gcm::Error>>
    where
        C: BlockCipher + BlockEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
    {
        let cipher = AesGcm::<C, U12>::new_from_slice(key).map_err(|e| SparkError::internal(e.to_string()))?;
        let iv = GenericArray::from_slice(iv);
        Ok(if seal { cipher.encrypt(iv, payload) } else { cipher.decrypt(iv, payload) })
    }
    match key.len() {
        16 => run::<Aes128>(key, iv, payload, seal),
        24 => run::<Aes192>(key, iv, payload, seal),
        _ => run::<Aes256>(key, iv, payload, seal),
    }
}

fn fill(mut args: Args, defaults: &[TypedExpr]) -> Args {
    args.extend(defaults.iter().skip(args.len() - 2).cloned());
    args
}

fn empty_binary() -> TypedExpr {
    TypedExpr::scalar(datafusion::common::ScalarValue::Binary(Some(vec![])), DataType::Binary, false)
}

fn encrypt(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    use DataType::{Binary, String};
    let defaults = [TypedExpr::string("GCM"), TypedExpr::string("DEFAULT"), empty_binary(), empty_binary()];
    let (args, nullable) = typed(ctx, fill(args, &defaults), &[Binary, Binary, String, String, Binary, Binary])?;
    // Without an initialization vector each value gets its own.
    let call = call(ctx, "aes_encrypt").volatile();
    Ok(call.kernel(args, Binary, nullable, |values, rows| {
        let (input, key) = (View::<Bin>::new(&values[0])?, View::<Bin>::new(&values[1])?);
        let (mode, padding) = (View::<Str>::new(&values[2])?, View::<Str>::new(&values[3])?);
        let (iv, aad) = (View::<Bin>::new(&values[4])?, View::<Bin>::new(&values[5])?);
        collect_rows(values, rows, |row| {
            let (Some(input), Some(key), Some(mode)) = (input.get(row), key.get(row), mode.get(row)) else {
                return Ok(None);
            };
            let (Some(padding), Some(iv), Some(aad)) = (padding.get(row), iv.get(row), aad.get(row)) else {
                return Ok(None);
            };
            encrypt_value(input, key, Mode::parse(mode, padding)?, iv, aad).map(Some)
        })
    }))
}

fn encrypt_value(input: &[u8], key: &[u8], mode: Mode, iv: &[u8], aad: &[u8]) -> SparkResult<Vec<u8>> {
    let cipher = Key::new(key)?;
    if mode == Mode::Ecb && !iv.is_empty() {
        return Err(unsupported_with("UNSUPPORTED_FEATURE.AES_MODE_IV", mode, "aes_encrypt"));
    }
    if mode != Mode::Gcm && !aad.is_empty() {
        return Err(unsupported_with("UNSUPPORTED_FEATURE.AES_MODE_AAD", mode, "aes_encrypt"));
    }
    if !iv.is_empty() && iv.len() != mode.iv_length() {
        return Err(SparkError::runtime("INVALID_PARAMETER_VALUE.AES_IV_LENGTH")
            .param("parameter", "`iv`")
            .param("functionName", "`aes_encrypt`/`aes_decrypt`")
            .param("mode", mode.name())
            .param("actualLength", iv.len().to_string()));
    }
    let random: [u8; BLOCK] = rand::random();
    let iv = if iv.is_empty() { &random[..mode.iv_length()] } else { iv };
    let mut out = iv.to_vec();
    match mode {
        Mode::Ecb => out = encrypt_blocks(&cipher, input, None),
        Mode::Cbc => out.extend(encrypt_blocks(&cipher, input, Some(iv))),
        Mode::Gcm => {
            let payload = Payload { msg: input, aad };
            let sealed = gcm(key, iv, payload, true)?;
            out.extend(sealed.map_err(|e| crypto_error(&e.to_string()))?);
        }
    }
    Ok(out)
}

fn decrypt(ctx: &CallContext<'_>, args: Args, name: &'static str, try_: bool) -> SparkResult<TypedExpr> {
    use DataType::{Binary, String};
    let defaults = [TypedExpr::string("GCM"), TypedExpr::string("DEFAULT"), empty_binary()];
    let (args, nullable) = typed(ctx, fill(args, &defaults), &[Binary, Binary, String, String, Binary])?;
    Ok(call(ctx, name).kernel(args, Binary, nullable || try_, move |values, rows| {
        let (input, key) = (View::<Bin>::new(&values[0])?, View::<Bin>::new(&values[1])?);
        let (mode, padding) = (View::<Str>::new(&values[2])?, View::<Str>::new(&values[3])?);
        let aad = View::<Bin>::new(&values[4])?;
        collect_rows(values, rows, |row| {
            let (Some(input), Some(key), Some(mode)) = (input.get(row), key.get(row), mode.get(row)) else {
                return Ok(None);
            };
            let (Some(padding), Some(aad)) = (padding.get(row), aad.get(row)) else { return Ok(None) };
            match Mode::parse(mode, padding).and_then(|mode| decrypt_value(input, key, mode, aad)) {
                Ok(value) => Ok(Some(value)),
                Err(_) if try_ => Ok(None),
                Err(error) => Err(error),
            }
        })
    }))
}

fn decrypt_value(input: &[u8], key: &[u8], mode: Mode, aad: &[u8]) -> SparkResult<Vec<u8>> {
    let cipher = Key::new(key)?;
    if mode != Mode::Gcm && !aad.is_empty() {
        return Err(unsupported_with("UNSUPPORTED_FEATURE.AES_MODE_AAD", mode, "aes_decrypt"));
    }
    let Some((iv, sealed)) = input.split_at_checked(mode.iv_length()) else {
        return Err(crypto_error("Invalid buffer arguments"));
    };
    match mode {
        Mode::Ecb => decrypt_blocks(&cipher, sealed, None),
        Mode::Cbc => decrypt_blocks(&cipher, sealed, Some(iv)),
        Mode::Gcm if sealed.len() < GCM_TAG => {
            Err(crypto_error("Input data too short to contain an expected tag length of 16bytes"))
        }
        Mode::Gcm => {
            let payload = Payload { msg: sealed, aad };
            let opened = gcm(key, iv, payload, false)?;
            opened.map_err(|_| crypto_error("Tag mismatch!"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    #[test]
    fn what_spark_sealed_opens() {
        let sealed = hex("83F16B2AA704794132802D248E6BFD4E380078182D1544813898AC97E709B28A94");
        assert_eq!(decrypt_value(&sealed, b"0000111122223333", Mode::Gcm, b"").unwrap(), b"Spark");
        let error = decrypt_value(&sealed[..32], b"0000111122223333", Mode::Gcm, b"").unwrap_err();
        assert!(error.to_string().contains("Tag mismatch!"), "{error}");
    }

    #[test]
    fn every_mode_and_key_length_round_trips() {
        for mode in [Mode::Ecb, Mode::Cbc, Mode::Gcm] {
            for length in [16, 24, 32] {
                let key = vec![7_u8; length];
                for text in ["", "Spark", "exactly sixteen!"] {
                    let sealed = encrypt_value(text.as_bytes(), &key, mode, b"", b"").unwrap();
                    assert_eq!(decrypt_value(&sealed, &key, mode, b"").unwrap(), text.as_bytes(), "{mode:?} {length}");
                }
            }
        }
    }
}
